import { COMMON_OPTIONS } from "./arguments.ts";
import type { Command, OptionSpec } from "./command.ts";
import type { CommandGroup } from "./commands/index.ts";

/** Exit codes as the help states them. */
const EXIT_CODES = [
  "0    done",
  "1    the run failed: bad data or checkpoint, numbers that are not finite, a full disk",
  "2    the command line or the config is wrong",
  "130  stopped by Ctrl-C after saving; `salsa resume` goes on",
];

const ENVIRONMENT = [
  ["NO_COLOR", "Turns colours off"],
  ["SALSA_RUNTIME_DIR", "Folder for sockets and locks of runs in the background (default: /tmp/salsa-<user id>)"],
] as const;

/** Help of the program: every command in a line. */
export function overview(groups: readonly CommandGroup[]): string {
  const rows = groups.map(({ commands }) => commands.map(({ name, summary }) => [name, summary] as const));
  const width = widthOf(rows.flat());
  return paragraphs([
    "salsa: RLHF against a model soup, from SFT to win-rate table",
    titled("Usage", ["salsa COMMAND [arguments]", "salsa COMMAND --help", "salsa --version"]),
    ...groups.map(({ title }, at) => titled(title, twoColumns(rows[at] ?? [], width))),
    titled("Exit codes", EXIT_CODES),
    titled("Environment", twoColumns(ENVIRONMENT)),
  ]);
}

/** Help of one command. */
export function commandHelp(command: Command): string {
  const { name, summary, details, positionals, options, examples } = command;
  const words = positionals.map((one) => POSITIONAL_FORMS[one.number ?? "one"](one.name));
  const usage = ["salsa", name, ...words, "[options]"].join(" ");
  const optionRows = Object.entries({ ...options, ...COMMON_OPTIONS }).map(optionRow);
  return paragraphs([
    `salsa ${name}: ${summary}`,
    titled("Usage", [usage]),
    ...details,
    ...(positionals.length === 0
      ? []
      : [titled("Arguments", twoColumns(positionals.map((one) => [one.name, one.description])))]),
    titled("Options", twoColumns(optionRows)),
    titled(
      "Examples",
      examples.flatMap(([line, meaning]) => [line, `    ${meaning}`]),
    ),
    titled("Exit codes", EXIT_CODES),
  ]);
}

const POSITIONAL_FORMS = {
  one: (name: string) => name,
  optional: (name: string) => `[${name}]`,
  several: (name: string) => `${name}...`,
  any: (name: string) => `[${name}...]`,
} as const;

function optionRow([name, { value, short, description }]: [string, OptionSpec]): [string, string] {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  return [short === undefined ? `    ${long}` : `-${short}, ${long}`, description];
}

function titled(title: string, lines: readonly string[]): string {
  return [`${title}:`, ...lines.map((line) => `  ${line}`)].join("\n");
}

type Rows = readonly (readonly [string, string])[];

const widthOf = (rows: Rows): number => Math.max(...rows.map(([left]) => left.length));

function twoColumns(rows: Rows, width = widthOf(rows)): string[] {
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`);
}

function paragraphs(parts: readonly string[]): string {
  return `${parts.join("\n\n")}\n`;
}
