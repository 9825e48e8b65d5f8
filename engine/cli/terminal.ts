/** A command's output: results go to `out`, everything about their making to `err`. */
export interface Terminal {
  /** True if `err` is a screen on which lines can be redrawn. */
  readonly isInteractive: boolean;
  readonly hasColor: boolean;
  readonly columns: number;
  /** Width that tables on `out` should fit; Infinity where it is no screen. */
  readonly outColumns: number;
  out(text: string): void;
  err(text: string): void;
}

type Stream = Pick<NodeJS.WriteStream, "write"> & { readonly isTTY?: boolean; readonly columns?: number };

/** The terminal of a process; honours NO_COLOR (no-color.org) and TERM=dumb. */
export function processTerminal(
  streams: { readonly stdout: Stream; readonly stderr: Stream },
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const { stdout, stderr } = streams;
  const isInteractive = stderr.isTTY === true && env["TERM"] !== "dumb" && (env["CI"] ?? "") === "";
  return {
    isInteractive,
    hasColor: isInteractive && stdout.isTTY === true && (env["NO_COLOR"] ?? "") === "",
    get columns() {
      // Some pseudo-terminals report 0.
      const { columns = 0 } = stderr;
      return columns > 0 ? columns : 80;
    },
    get outColumns() {
      const { isTTY, columns = 0 } = stdout;
      return isTTY === true && columns > 0 ? columns : Infinity;
    },
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
  };
}

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

/** Text in a style, where the terminal shows them. */
export function styled(terminal: Terminal, style: keyof typeof STYLES, text: string): string {
  return terminal.hasColor ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
}

/** One line of JSON. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value)}\n`);
}
