import { readFileSync } from "node:fs";
import { interruptNotice, runCli } from "./cli.ts";
import { interruptible } from "./interrupt.ts";
import type { Pipeline } from "./pipeline.ts";
import { processTerminal } from "./terminal.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};
const terminal = processTerminal(process, process.env);

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const argv = process.argv.slice(2);
process.exitCode = await runCli(argv, {
  terminal,
  folder: process.cwd(),
  version: manifest.version,
  signal: interruptible(process, terminal, interruptNotice(argv)),
  pipeline: (): Promise<Pipeline> => import("../pipeline/index.ts"),
});
