import { parseArgs } from "node:util";
import { suggest } from "../config/suggest.ts";
import { UsageError } from "./command.ts";
import type { Arguments, Command, OptionSpec } from "./command.ts";

/** Options that every command has. */
export const COMMON_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  json: { description: "Print JSON for scripts" },
  debug: { description: "Show the stack of an error" },
  help: { short: "h", description: "Show this help" },
};

/**
 * Reads the arguments after the command's name.
 *
 * @throws {UsageError} for unknown options, missing or surplus arguments.
 */
export function readArguments(command: Command, argv: readonly string[]): Arguments {
  const specs = { ...command.options, ...COMMON_OPTIONS };
  const { positionals, tokens } = parseArgs({
    args: joinNegatives(argv, specs),
    options: Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, parserOption(spec)])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const options: Record<string, string | true> = {};
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const spec = specs[token.name];
    if (spec === undefined) throw new UsageError(unknownOption(token.rawName, Object.keys(specs)));
    if (spec.value === undefined && token.value !== undefined) {
      throw new UsageError(`${token.rawName} is a switch and takes no value, got ${JSON.stringify(token.value)}`);
    }
    if (spec.value !== undefined && token.value === undefined) {
      throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${spec.value}`);
    }
    options[token.name] = token.value ?? true;
  }
  if (options["help"] === undefined) checkPositionals(command, positionals);
  return { positionals, options };
}

/** The value of an option, or undefined. */
export function textOption(args: Arguments, name: string): string | undefined {
  const value = args.options[name];
  return typeof value === "string" ? value : undefined;
}

/** True if a switch is on. */
export function switchOption(args: Arguments, name: string): boolean {
  return args.options[name] === true;
}

/** @throws {UsageError} when the option is missing. */
export function requiredOption(args: Arguments, name: string, meaning: string): string {
  const value = textOption(args, name);
  if (value === undefined) throw new UsageError(`--${name} is missing: ${meaning}`);
  return value;
}

/** The least and most that a number may be. */
export interface NumberRange {
  readonly least?: number;
  readonly most?: number;
  readonly isWhole?: boolean;
}

/** @throws {UsageError} when the option is no number in range. */
export function numberOption(args: Arguments, name: string, range: NumberRange = {}): number | undefined {
  const text = textOption(args, name);
  return text === undefined ? undefined : readNumber(text, `--${name}`, range);
}

/** Numbers separated by commas. @throws {UsageError} when one is none. */
export function numberListOption(args: Arguments, name: string): readonly number[] | undefined {
  return textOption(args, name)
    ?.split(",")
    .map((text) => readNumber(text, `--${name}`, {}));
}

/** @throws {UsageError} when the option is none of the choices. */
export function choiceOption<T extends string>(args: Arguments, name: string, choices: readonly T[]): T | undefined {
  const text = textOption(args, name);
  if (text === undefined) return undefined;
  const choice = choices.find((one) => one === text);
  if (choice !== undefined) return choice;
  const near = suggest(text, choices);
  const hint = near.length > 0 ? `did you mean ${near.join(" or ")}?` : `use one of ${choices.join(", ")}`;
  throw new UsageError(`--${name}: ${JSON.stringify(text)} is not known; ${hint}`);
}

function readNumber(text: string, name: string, { least, most, isWhole = false }: NumberRange): number {
  const value = text.trim() === "" ? NaN : Number(text);
  const what = isWhole ? "a whole number" : "a number";
  if (!Number.isFinite(value) || (isWhole && !Number.isSafeInteger(value))) {
    throw new UsageError(`${name}: must be ${what}, got ${JSON.stringify(text)}`);
  }
  if (least !== undefined && value < least) throw new UsageError(`${name}: must be at least ${least}, got ${value}`);
  if (most !== undefined && value > most) throw new UsageError(`${name}: must be at most ${most}, got ${value}`);
  return value;
}

function parserOption(spec: OptionSpec): { type: "string" | "boolean"; short?: string } {
  const type = spec.value === undefined ? "boolean" : "string";
  return spec.short === undefined ? { type } : { type, short: spec.short };
}

/** parseArgs takes `--alpha -0.5` for two options; a number after an option that wants a value is that value. */
function joinNegatives(argv: readonly string[], specs: Readonly<Record<string, OptionSpec>>): string[] {
  const joined: string[] = [];
  for (const word of argv) {
    const before = joined[joined.length - 1] ?? "";
    const wantsValue = before.startsWith("--") && specs[before.slice(2)]?.value !== undefined;
    if (wantsValue && /^-[\d.]/.test(word)) joined.splice(-1, 1, `${before}=${word}`);
    else joined.push(word);
  }
  return joined;
}

function unknownOption(rawName: string, known: readonly string[]): string {
  const near = suggest(rawName.replace(/^-+/, ""), known).map((name) => `--${name}`);
  const hint = near.length > 0 ? `did you mean ${near.join(" or ")}?` : "see --help";
  return `${rawName} is not an option; ${hint}`;
}

function checkPositionals(command: Command, given: readonly string[]): void {
  const { positionals } = command;
  const missing = positionals.find(
    ({ number = "one" }, index) => number !== "optional" && number !== "any" && given.length <= index,
  );
  if (missing !== undefined) throw new UsageError(`${missing.name} is missing: ${missing.description}`);
  const takesMore = ["several", "any"].includes(positionals.at(-1)?.number ?? "");
  const surplus = takesMore ? undefined : given[positionals.length];
  if (surplus !== undefined) throw new UsageError(`${JSON.stringify(surplus)} is one argument too many; see --help`);
}
