import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BACKEND_CHOICES, type RunConfig, isDeviceName } from "../config/index.ts";
import type { RunEvent } from "../protocol/events.ts";
import { isInside } from "../storage/isInside.ts";
import { shellWord, windowsWord } from "../common/shell.ts";
import { choiceOption, numberOption, textOption } from "./arguments.ts";
import { EXIT, UsageError } from "./command.ts";
import type { Arguments, CommandContext, OptionSpec } from "./command.ts";
import type { RuntimeOverrides } from "./files.ts";
import type { RunResult } from "../pipeline/index.ts";
import { progressView } from "./progress.ts";
import { titledTable } from "./tables.ts";
import { printJson } from "./terminal.ts";

/** The folder of runs when none is named. */
const DEFAULT_DIRECTORY = ".salsa";

/** The folder of runs, for commands that look for one. */
export const DIRECTORY_OPTION: Readonly<Record<string, OptionSpec>> = {
  directory: { value: "DIR", description: "Folder of runs and artifacts (default: .salsa)" },
};

/** Settings of the config's runtime section that a command line may put over it. */
export const RUNTIME_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  directory: { value: "DIR", description: "Folder for runs and artifacts (default: as in the config)" },
  backend: {
    value: "NAME",
    description: `Compute backend: ${BACKEND_CHOICES.join(" or ")} (default: as in the config)`,
  },
  device: { value: "CARD", description: "Number or UUID of the NVIDIA card, or all (default: as in the config)" },
  threads: { value: "N", description: "Worker threads, 0 for one per core (default: as in the config)" },
};

/** Reads RUNTIME_OPTIONS. @throws {UsageError} for values out of range. */
export function runtimeOverrides(args: Arguments, { folder }: CommandContext): RuntimeOverrides {
  const directory = textOption(args, "directory");
  const backend = choiceOption(args, "backend", BACKEND_CHOICES);
  const device = textOption(args, "device");
  if (device !== undefined && !isDeviceName(device)) {
    throw new UsageError(
      `--device ${device}: must be a card's number or UUID, several with commas between, auto or all`,
    );
  }
  const threads = numberOption(args, "threads", { least: 0, isWhole: true });
  return {
    ...(directory === undefined ? {} : { directory: resolve(folder, directory) }),
    ...(backend === undefined ? {} : { backend }),
    ...(device === undefined ? {} : { device }),
    ...(threads === undefined ? {} : { threads }),
  };
}

/** The folder that runs are looked for in. */
export function runsDirectory(args: Arguments, { folder }: CommandContext): string {
  return resolve(folder, textOption(args, "directory") ?? DEFAULT_DIRECTORY);
}

/** A run to be shown, and the folder it is kept in. */
export interface ShownRun {
  readonly runsRoot: string;
  readonly start: (report: (event: RunEvent) => void) => Promise<RunResult>;
}

/** Shows a run while it lasts, then its tables, and says where its files are. @returns The exit code. */
export async function showRun(context: CommandContext, { runsRoot, start }: ShownRun): Promise<number> {
  const { terminal, isJson } = context;
  const view = progressView(terminal);
  let id: string | undefined;
  const report = (event: RunEvent): void => {
    if (isJson) {
      printJson(terminal, event);
      return;
    }
    view.show(event);
    if (event.kind === "runStarted") id = event.run;
    if (event.kind !== "runFailed" || id === undefined) return;
    view.close();
    const again = commandLine(context, "resume", join(runsRoot, "runs", id));
    terminal.errLine(`Everything finished stays. Once the mistake below is put right, go on with: ${again}`);
  };
  const result = await start(report).finally(() => {
    view.close();
  });
  if (isJson) printJson(terminal, { kind: "result", ...result });
  else printResult(context, result);
  return result.status === "stopped" ? EXIT.interrupted : EXIT.ok;
}

/** Prints a run's tables and where its files are, or how to go on. */
export function printResult(context: CommandContext, { folder, tables, status }: RunResult): void {
  const { terminal } = context;
  if (status === "stopped") {
    for (const table of tables) terminal.out(`${titledTable(table, terminal.outColumns)}\n`);
    terminal.errLine(`Stopped and saved; go on with: ${commandLine(context, "resume", folder)}`);
    return;
  }
  for (const table of tables) terminal.out(`${titledTable(table, terminal.outColumns)}\n`);
  const rows = [
    ["Files:", shown(context, folder)],
    ["", "tables/, samples.jsonl (rollouts), events.jsonl (every metric), models.json (where each checkpoint is)"],
    ["Again:", commandLine(context, "report", folder)],
  ] as const;
  for (const [what, where] of rows) terminal.outLine(`${what.padEnd(7)}${where}`);
}

/** A command about a run that works where the user is: by its id where the runs are looked for, else by its folder. */
export function commandLine(context: CommandContext, command: string, run: string): string {
  const isHere = dirname(run) === join(context.folder, DEFAULT_DIRECTORY, "runs");
  return `${program(context)} ${command} ${isHere ? word(basename(run)) : shown(context, run)}`;
}

/** Command that starts the program: npx finds it in its own repository alone. */
function program({ folder }: CommandContext): string {
  return isInside(ROOT, folder, process.platform)
    ? "npx --no-install salsa"
    : `node ${word(join(ROOT, "engine/cli/salsa.mjs"))}`;
}

/** A path as short as it can be written, as a shell reads it. */
function shown({ folder }: CommandContext, path: string): string {
  const fromHere = relative(folder, path);
  return word(fromHere.startsWith("..") ? path : fromHere);
}

/** The repository's folder, also of the bundled program. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/[/\\]$/, "");

const word = process.platform === "win32" ? windowsWord : shellWord;

/** Where all of this user's runs take turns to ask a cluster; nothing for a run without one. */
export async function pollingPlace({ runtime: { cluster } }: RunConfig): Promise<{ readonly machineFolder?: string }> {
  if (cluster === undefined) return {};
  const { runtimeFolder } = await import("../server/address.ts");
  return { machineFolder: await runtimeFolder() };
}
