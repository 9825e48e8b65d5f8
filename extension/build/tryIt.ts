import * as fs from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { startHost } from "../../test/e2e/host/host.ts";
import { ROOT } from "./bundle.ts";
import { ownTarget } from "./nodeRuntime.ts";
import { buildForProduction, packageFor } from "./package.ts";

const DEMO = join(ROOT, "examples/miniinstruct");

/** Data kept from one session to the next; remove the folder to start afresh. */
const PLACE = join(ROOT, ".vscode-test/try");

/**
 * Opens a real VS Code with the packaged extension on the demo workspace, to be used in a browser, until Ctrl-C.
 *
 * Usage: `npm run try [-- FOLDER]`. The demo is copied into the folder, unless that has something in it already.
 */
async function main(given: string | undefined): Promise<void> {
  const target = ownTarget();
  if (target === undefined) throw new Error(`try: no Node is published for ${process.platform}-${process.arch}`);
  tell("1/3 building and packaging the extension");
  const { file } = await packageFor(target, await buildForProduction());
  const folder = resolve(given ?? join(PLACE, "workspace"));
  await copyDemo(folder);
  tell(`2/3 starting VS Code with ${basename(file)}`);
  const settings = { "workbench.colorTheme": "Dark Modern", "git.enabled": true };
  const host = await startHost({ vsix: [file], folder, home: join(PLACE, "home"), settings });
  tell(`3/3 open this address in a browser on this machine; Ctrl-C ends it\n\n  ${host.url()}\n`);
  tell(`The workspace is ${folder}. Runs that are not stopped in the Runs view go on when this ends.`);
  await interrupted();
  tell("ending VS Code");
  await host.stop();
}

async function copyDemo(folder: string): Promise<void> {
  await fs.mkdir(folder, { recursive: true });
  if ((await fs.readdir(folder)).length > 0) return;
  await fs.cp(DEMO, folder, { recursive: true, filter: (path) => basename(path) !== ".salsa" });
}

function interrupted(): Promise<void> {
  return new Promise((done) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => done());
  });
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main(process.argv[2]);
