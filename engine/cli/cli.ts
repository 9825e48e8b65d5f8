import { ConfigError, formatIssue } from "../protocol/errors.ts";
import { visibleLine } from "../common/visible.ts";
import { suggest } from "../config/suggest.ts";
import { readArguments } from "./arguments.ts";
import { EXIT, UsageError } from "./command.ts";
import type { Command, CommandContext } from "./command.ts";
import { COMMAND_GROUPS, COMMANDS } from "./commands/index.ts";
import { commandHelp, overview } from "./help.ts";
import { printJson } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

/** Settings of the program's start; `--json` is read here. */
export type Surroundings = Omit<CommandContext, "isJson">;

/** Runs the command that a command line names. @returns The exit code. */
export async function runCli(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { terminal } = surroundings;
  const [name, ...rest] = argv;
  // Asked before arguments are read, so that a mistake in them is reported the way that was asked for.
  const isJson = rest.includes("--json");
  const isDebug = rest.includes("--debug");
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help") {
      terminal.out(helpFor(rest[0]));
      return name === undefined ? EXIT.usage : EXIT.ok;
    }
    if (name === "--version" || name === "-v") {
      terminal.outLine(surroundings.version);
      return EXIT.ok;
    }
    const command = commandNamed(name);
    const args = readArguments(command, rest);
    if (args.options["help"] === true) {
      terminal.out(commandHelp(command));
      return EXIT.ok;
    }
    return await command.run(args, { ...surroundings, isJson });
  } catch (error) {
    const { signal } = surroundings;
    // Cut off by Ctrl-C, as requested.
    if (signal.aborted && error === signal.reason) return EXIT.interrupted;
    return reportError(error, { terminal, isJson, isDebug });
  }
}

/** The message of the first Ctrl-C while a command runs; undefined for the usual one. */
export function interruptNotice([name]: readonly string[]): string | undefined {
  return COMMANDS.find((one) => one.name === name)?.interruptNotice;
}

function helpFor(name: string | undefined): string {
  return name === undefined || name.startsWith("-") ? overview(COMMAND_GROUPS) : commandHelp(commandNamed(name));
}

function commandNamed(name: string): Command {
  const command = COMMANDS.find((one) => one.name === name);
  if (command !== undefined) return command;
  const names = COMMANDS.map((one) => one.name);
  const near = suggest(name, names);
  const hint = near.length > 0 ? `did you mean ${near.join(" or ")}?` : `commands are ${names.join(", ")}`;
  throw new UsageError(`${JSON.stringify(name)} is not a command; ${hint}`);
}

interface ErrorStyle {
  readonly terminal: Terminal;
  readonly isJson: boolean;
  readonly isDebug: boolean;
}

/** Reports an error to people, or to scripts as one JSON object. */
function reportError(error: unknown, { terminal, isJson, isDebug }: ErrorStyle): number {
  const known = error instanceof Error ? error : new Error(String(error));
  if (isJson) {
    const issues = known instanceof ConfigError ? { issues: known.issues } : {};
    const stack = isDebug ? { stack: known.stack } : {};
    printJson(terminal, { kind: "error", error: known.name, message: known.message, ...issues, ...stack });
  } else {
    const text = isDebug ? stackOf(known) : messageOf(known);
    terminal.err({ style: "red", text: "error:" }, ` ${text}\n`);
  }
  return known instanceof UsageError || known instanceof ConfigError ? EXIT.usage : EXIT.failed;
}

/** A line for each issue; the further lines of other messages are set in, so that none passes for one of ours. */
function messageOf(error: Error): string {
  if (error instanceof ConfigError) return error.issues.map((issue) => visibleLine(formatIssue(issue))).join("\n");
  return error.message.replaceAll("\n", "\n  ");
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${stackOf(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}
