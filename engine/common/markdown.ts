import { visible, visibleLine } from "./visible.ts";

/** Marks that Markdown, its extensions or an editor's icons take up anywhere in a line. */
const MARKS = /[\\`*_{}[\]>#~|$&@]|<(?=[A-Za-z/!?])|[:/](?=\/)/g;
/** Marks that begin a list, a heading's line or a rule where a line begins. */
const BEGINNING = /^([-+=](?!\.?\d)|\d+(?=[.)](\s|$)))/;

/** Text as Markdown that shows it as it is, in one line: no link, image, HTML, emphasis, list or table comes of it. */
export function literal(text: string): string {
  const line = visibleLine(text.trim().replace(/\s+/g, (space) => (/[\r\n]/.test(space) ? " " : space)));
  const escaped = line.replace(MARKS, "\\$&").replace(/\bwww(?=\.)/gi, "$&\\");
  return escaped.replace(BEGINNING, (mark) => (/^\d/.test(mark) ? `${mark}\\` : `\\${mark}`));
}

/** Text as `literal` has it, line by line. */
export function literalLines(text: string): string {
  return text.split(/\r?\n/).map(literal).join("  \n"); // two spaces break a line without a new paragraph
}

/** Text in a span of code, whatever it holds. Bars, at which GitHub's tables cut spans, make it literal text. */
export function codeSpan(text: string): string {
  const line = visibleLine(text);
  if (line.includes("|") || line.trim() === "") return literal(text);
  const fence = "`".repeat(longestRun(line) + 1);
  const pad = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** A block of code, line by line, between fences that it does not hold itself. */
export function fenced(text: string, language = ""): string {
  const fence = "`".repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${visible(text).trimEnd()}\n${fence}`;
}

/** A column of a table. */
export interface MarkdownColumn {
  /** Markdown, as the cells are. */
  readonly header: string;
  readonly align: "left" | "right";
}

/** A table of cells that are Markdown already; no bar or line break in one ends it. */
export function markdownTable(columns: readonly MarkdownColumn[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(closedCell).join(" | ")} |`;
  const rule = columns.map(({ align }) => (align === "right" ? "---:" : "---"));
  return [line(columns.map(({ header }) => header)), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n");
}

/** A bar after an even number of backslashes is none that was escaped. */
function closedCell(text: string): string {
  // Runs of backslashes are taken whole, with or without a bar: looking for one from each would be quadratic.
  const bars = text.replace(/\\+\|?|\|/g, (run) => {
    const isOpen = run.endsWith("|") && run.length % 2 === 1;
    return isOpen ? `${run.slice(0, -1)}\\|` : run;
  });
  return bars.replace(/[\r\n]+/g, " ");
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
}
