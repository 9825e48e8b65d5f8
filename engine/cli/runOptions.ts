import { resolve } from "node:path";
import { BACKENDS } from "../protocol/config/index.ts";
import type { RunEvent } from "../protocol/events.ts";
import { choiceOption, numberOption, textOption } from "./arguments.ts";
import { EXIT } from "./command.ts";
import type { Arguments, CommandContext, OptionSpec } from "./command.ts";
import type { RuntimeOverrides } from "./files.ts";
import type { RunResult } from "../pipeline/index.ts";
import { progressView } from "./progress.ts";
import { titledTable } from "./tables.ts";
import { printJson } from "./terminal.ts";

/** The folder of runs, for commands that look for one. */
export const DIRECTORY_OPTION: Readonly<Record<string, OptionSpec>> = {
  directory: { value: "DIR", description: "Folder of runs and artifacts (default: .salsa)" },
};

/** Settings of the config's runtime section that a command line may put over it. */
export const RUNTIME_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  directory: { value: "DIR", description: "Folder for runs and artifacts (default: as in the config)" },
  backend: { value: "NAME", description: `Compute backend: ${BACKENDS.join(" or ")} (default: as in the config)` },
  threads: { value: "N", description: "Worker threads, 0 for one per core (default: as in the config)" },
};

/** Reads RUNTIME_OPTIONS. @throws {UsageError} for values out of range. */
export function runtimeOverrides(args: Arguments, { folder }: CommandContext): RuntimeOverrides {
  const directory = textOption(args, "directory");
  const backend = choiceOption(args, "backend", BACKENDS);
  const threads = numberOption(args, "threads", { least: 0, isWhole: true });
  return {
    ...(directory === undefined ? {} : { directory: resolve(folder, directory) }),
    ...(backend === undefined ? {} : { backend }),
    ...(threads === undefined ? {} : { threads }),
  };
}

/** The folder that runs are looked for in. */
export function runsDirectory(args: Arguments, { folder }: CommandContext): string {
  return resolve(folder, textOption(args, "directory") ?? ".salsa");
}

/** Shows a run while it lasts, then its tables, and says where its files are. @returns The exit code. */
export async function showRun(
  context: CommandContext,
  start: (report: (event: RunEvent) => void) => Promise<RunResult>,
): Promise<number> {
  const { terminal, isJson } = context;
  const view = progressView(terminal);
  const report = (event: RunEvent): void => {
    if (isJson) printJson(terminal, event);
    else view.show(event);
  };
  const result = await start(report).finally(() => {
    view.close();
  });
  if (isJson) printJson(terminal, { kind: "result", ...result });
  else printResult(context, result);
  return result.status === "stopped" ? EXIT.interrupted : EXIT.ok;
}

function printResult({ terminal }: CommandContext, { id, folder, tables, status }: RunResult): void {
  if (status === "stopped") {
    terminal.err(`Stopped and saved; go on with: salsa resume ${id}\n`);
    return;
  }
  for (const table of tables) terminal.out(`${titledTable(table)}\n`);
  terminal.out(`Files: ${folder}\n`);
}
