import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { interruptNotice, runCli } from "./cli.ts";
import { interruptible } from "./interrupt.ts";
import type { PipelineModule } from "./pipeline.ts";
import { processTerminal } from "./terminal.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};
const terminal = processTerminal(process, process.env);

const argv = process.argv.slice(2);
const isAttended = terminal.isInteractive && process.stdin.isTTY;
const { signal, stop } = interruptible(process, terminal, interruptNotice(argv));

// A reader that has seen enough, such as `head`, or that Ctrl-C ended before it is heard here, such as `tee`, is no failure:
// the rest need not be made, and what a run has made is saved.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  stop();
});
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

/** Reads a line; an interrupt, or the end of what is typed, is no. */
async function ask(question: string): Promise<string> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await Promise.race([
      asking.question(question, { signal }).catch(() => ""),
      new Promise<string>((resolve) => asking.once("close", () => resolve(""))),
    ]);
  } finally {
    asking.close();
  }
}

process.exitCode = await runCli(argv, {
  terminal,
  folder: process.cwd(),
  version: manifest.version,
  signal,
  ...(isAttended && { ask }),
  pipeline: (): Promise<PipelineModule> => import("../pipeline/index.ts"),
});
