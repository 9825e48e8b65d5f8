import { visibleLine } from "./visible.ts";

/** Alignment of a column. */
interface LatexColumn {
  readonly align: "left" | "right";
}

/** A LaTeX tabular. */
export function latexTable(
  columns: readonly LatexColumn[],
  [headers = [], ...rows]: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string => `${cells.map(escapeLatex).join(" & ")} \\\\`;
  const aligned = columns.map(({ align }) => (align === "right" ? "r" : "l")).join("");
  const body = ["\\hline", line(headers), "\\hline", ...rows.map(line), "\\hline"];
  return [`\\begin{tabular}{${aligned}}`, ...body, "\\end{tabular}", ""].join("\n");
}

function escapeLatex(cell: string): string {
  const spelled: Readonly<Record<string, string>> = {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "–": "--",
    // After a line's end, LaTeX reads these as options of that.
    "[": "{[}",
    "*": "{*}",
  };
  const line = visibleLine(cell.replace(/\s+/g, " "));
  return line.replace(/[\\~^<>–[*#$%&_{}]/g, (character) => spelled[character] ?? `\\${character}`);
}
