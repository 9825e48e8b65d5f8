import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createVSIX } from "@vscode/vsce";
import * as esbuild from "esbuild";

const ENTRY = fileURLToPath(new URL("providerExtension.ts", import.meta.url));

/** A packaged extension that gives the editor a language model, `vscode:scripted/judge-2`; its folder is removed with `close`. */
export async function modelProvider(): Promise<{ readonly vsix: string; close(): Promise<void> }> {
  const folder = await fs.mkdtemp(join(tmpdir(), "salsa-models-"));
  const manifest = {
    ...{ name: "scripted-models", publisher: "salsa-test", version: "1.0.0", engines: { vscode: "^1.104.0" } },
    ...{ main: "extension.cjs", activationEvents: ["onStartupFinished"], license: "Apache-2.0" },
    contributes: { languageModelChatProviders: [{ vendor: "scripted", displayName: "Scripted" }] },
  };
  await fs.writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  await fs.writeFile(join(folder, "README.md"), "A language model for tests.\n");
  await fs.writeFile(join(folder, "LICENSE"), "Apache-2.0\n");
  await esbuild.build({
    ...{ entryPoints: [ENTRY], outfile: join(folder, "extension.cjs"), bundle: true, platform: "node", format: "cjs" },
    ...{ external: ["vscode"], logLevel: "warning" },
  });
  const vsix = join(folder, "models.vsix");
  await createVSIX({ cwd: folder, packagePath: vsix, dependencies: false, allowMissingRepository: true });
  return { vsix, close: () => fs.rm(folder, { recursive: true }) };
}
