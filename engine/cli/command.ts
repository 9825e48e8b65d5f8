import type { PipelineModule } from "./pipeline.ts";
import type { Terminal } from "./terminal.ts";

/** How the process ends, for scripts. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** An option of a command, written `--name value` or, for switches, `--name`. */
export interface OptionSpec {
  /** Name of the value in help texts; absent for a switch. */
  readonly value?: string;
  readonly short?: string;
  readonly description: string;
}

/** An argument by position. */
export interface PositionalSpec {
  readonly name: string;
  readonly description: string;
  /** Default is one that must be given; "several" are one at least, "any" may be none. */
  readonly number?: "one" | "optional" | "several" | "any";
}

/** A command's arguments after reading. */
export interface Arguments {
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, string | true | undefined>>;
}

/** A command's surroundings; everything that reaches outside comes in here. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Folder that paths on the command line start from. */
  readonly folder: string;
  readonly version: string;
  readonly isJson: boolean;
  /** Aborted at the first interrupt: finish the step, save, stop. */
  readonly signal: AbortSignal;
  /** Asks the person at the terminal; absent where there is none. */
  readonly ask?: (question: string) => Promise<string>;
  /** Loaded on first use, so that help and errors come at once. */
  pipeline(): Promise<PipelineModule>;
}

/** A subcommand of `salsa`. */
export interface Command {
  readonly name: string;
  /** One line for the overview. */
  readonly summary: string;
  /** Further paragraphs of its help, such as the output of --json. */
  readonly details: readonly string[];
  readonly positionals: readonly PositionalSpec[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Command lines with their explanations. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** The message of the first Ctrl-C, where it does not stop a run. */
  readonly interruptNotice?: string;
  /** @returns The exit code. */
  run(args: Arguments, context: CommandContext): Promise<number>;
}

/** A command line that cannot be followed. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
