import { PtxError } from "./errors.ts";

/** Splits the text at semicolons, labels and braces that are no operand's. Directives that have no semicolon end with their line. */
export function* statements(text: string): Generator<{ statement: string; line: number }> {
  const plain = text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/\/\/.*/g, "")
    .replace(/\.section[^{]*\{[^}]*\}/g, (section) => section.replace(/[^\n]/g, ""));
  const pattern = /\n|;|:(?!:)|[{}]|"[^"]*"|[^\n;:{}"]+|:/g;
  let current = "";
  let line = 1;
  let start = 1;
  let depth = 0;
  for (const [piece] of plain.matchAll(pattern)) {
    const blank = current.trim() === "";
    if (piece === "\n") {
      line++;
      if (/^\s*\.(loc|file|version|target|address_size)\b/.test(current)) {
        yield { statement: current.trim(), line: start };
        current = "";
      } else current += " ";
      continue;
    }
    if (blank) start = line;
    const header = /^\s*(\.(visible|weak|extern)\s+)*\.(entry|func)\b/.test(current);
    if (depth === 0 && (piece === "{" || piece === "}") && (blank || header)) {
      if (header) yield { statement: `${current.trim()} {`, line: start };
      else yield { statement: piece, line };
      current = "";
    } else if (depth === 0 && piece === ";") {
      if (!blank) yield { statement: current.trim(), line: start };
      current = "";
    } else if (depth === 0 && piece === ":" && /^\s*[\w$%]+\s*$/.test(current)) {
      yield { statement: `${current.trim()}:`, line: start };
      current = "";
    } else {
      if (piece === "{") depth++;
      if (piece === "}") depth--;
      current += piece;
    }
  }
  if (current.trim() !== "") throw new PtxError(`line ${start}: the text ends within ${current.trim().slice(0, 60)}`);
}

/** The place in a source file; of an inlined function, the place that calls it. */
export function location(statement: string, files: ReadonlyMap<string, string>): string | null {
  const [, file = "", line = "0"] =
    /inlined_at\s+(\d+)\s+(\d+)/.exec(statement) ?? /^\.loc\s+(\d+)\s+(\d+)/.exec(statement) ?? [];
  return line === "0" ? null : `${files.get(file) ?? "?"}:${line}`;
}
