/**
 * Output of a part while it works, one JSON object a line on standard output: so that what is known already survives a
 * process that ends badly.
 */
export type Line =
  | { readonly kind: "begin"; readonly title: string; readonly number: number }
  | { readonly kind: "case"; readonly title: string; readonly ms: number; readonly error?: string }
  /** A number by its name: "train.135m.bf16.tokensPerSecond". */
  | { readonly kind: "measure"; readonly name: string; readonly value: number }
  /** A fact by its name: "torch". */
  | { readonly kind: "fact"; readonly name: string; readonly value: string }
  /** Something of a part that could not be done; the rest goes on. */
  | { readonly kind: "failure"; readonly title: string; readonly error: string }
  /** The card no longer works for this process; another one may go on. */
  | { readonly kind: "lost" };

/** Says a line. */
export type Say = (line: Line) => void;

const KINDS: readonly string[] = ["begin", "case", "measure", "fact", "failure", "lost"];

/** Reads a line; undefined for whatever else a program prints. */
export function parseLine(text: string): Line | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const line = JSON.parse(text) as Partial<Line>;
    return KINDS.includes(line.kind ?? "") ? (line as Line) : undefined;
  } catch {
    return undefined;
  }
}
