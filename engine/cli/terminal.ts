import { visible, visibleLine } from "../common/visible.ts";

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** Text in a style, where the terminal shows them. */
export interface Styled {
  readonly style: keyof typeof STYLES;
  readonly text: string;
}

/** A part of what is printed. */
export type Printed = string | Styled;

/**
 * A command's output: results go to `out`, everything about their making to `err`.
 *
 * A text, a config, a run or a model, of any origin, cannot steer the terminal: controls, escapes and marks of direction
 * come out spelled, and only styles are sequences of ours.
 */
export interface Terminal {
  /** True if `err` is a screen on which lines can be redrawn. */
  readonly isInteractive: boolean;
  readonly hasColor: boolean;
  readonly columns: number;
  /** Width that tables on `out` should fit; Infinity where it is no screen. */
  readonly outColumns: number;
  /** Text of any number of lines. */
  out(...text: readonly Printed[]): void;
  err(...text: readonly Printed[]): void;
  /** One line and its end; line breaks within come out spelled, so that no name makes a line of its own. */
  outLine(...text: readonly Printed[]): void;
  errLine(...text: readonly Printed[]): void;
  /** Empties the line of `err` that the cursor is on. */
  clearLine(): void;
}

type Stream = Pick<NodeJS.WriteStream, "write"> & { readonly isTTY?: boolean; readonly columns?: number };

/** The terminal of a process; honours NO_COLOR (no-color.org) and TERM=dumb. */
export function processTerminal(
  streams: { readonly stdout: Stream; readonly stderr: Stream },
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const { stdout, stderr } = streams;
  const isInteractive = stderr.isTTY === true && env["TERM"] !== "dumb" && (env["CI"] ?? "") === "";
  const hasColor = isInteractive && stdout.isTTY === true && (env["NO_COLOR"] ?? "") === "";
  return {
    isInteractive,
    hasColor,
    get columns() {
      // Some pseudo-terminals report 0.
      const { columns = 0 } = stderr;
      return columns > 0 ? columns : 80;
    },
    get outColumns() {
      const { isTTY, columns = 0 } = stdout;
      return isTTY === true && columns > 0 ? columns : Infinity;
    },
    ...printing({ out: (text) => void stdout.write(text), err: (text) => void stderr.write(text) }, hasColor),
  };
}

/** Where printed text goes to as it is. */
export interface Sinks {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** The printing part of a terminal. */
export function printing(
  { out, err }: Sinks,
  hasColor: boolean,
): Pick<Terminal, "out" | "err" | "outLine" | "errLine" | "clearLine"> {
  const shown = (text: readonly Printed[], spell: (part: string) => string): string =>
    text
      .map((part) => {
        if (typeof part === "string") return spell(part);
        return hasColor ? `\x1b[${STYLES[part.style]}m${spell(part.text)}\x1b[0m` : spell(part.text);
      })
      .join("");
  return {
    out: (...text) => out(shown(text, visible)),
    err: (...text) => err(shown(text, visible)),
    outLine: (...text) => out(`${shown(text, visibleLine)}\n`),
    errLine: (...text) => err(`${shown(text, visibleLine)}\n`),
    clearLine: () => err("\r\x1b[2K"),
  };
}

/** One line of JSON. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.outLine(JSON.stringify(value));
}
