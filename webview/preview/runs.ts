import type { PreviewSequence } from "../../engine/protocol/preview.ts";
import { visibleLine } from "../../engine/common/visible.ts";

/** Fate of a token: the loss falls on it, it is only read, or it is cut off. */
export type TokenState = "learned" | "read" | "cut";

/** Tokens one after the other of which the same becomes. */
export interface TokenRun {
  readonly state: TokenState;
  /** Index of the first, among those that are given. */
  readonly start: number;
  readonly pieces: readonly string[];
}

/** The tokens of a sequence by what becomes of them; at most the first `most`. */
export function tokenRuns({ start, pieces, learned, used }: PreviewSequence, most = Infinity): readonly TokenRun[] {
  const found: { state: TokenState; start: number; pieces: string[] }[] = [];
  for (const [at, piece] of pieces.slice(0, most).entries()) {
    const state = start + at >= used ? "cut" : learned[at] === "1" ? "learned" : "read";
    const last = found.at(-1);
    if (last?.state === state) last.pieces.push(piece);
    else found.push({ state, start: at, pieces: [piece] });
  }
  return found;
}

/** Stands for a token that is part of a character, which stands at the last of its tokens. */
const PART = "◌";

/**
 * A token's text so that nothing in it is unseen: ends of lines as a sign, and broken there where lines are kept; what
 * would steer instead of being read is spelled out.
 */
export function shownPiece(piece: string, keepsLines: boolean): string {
  if (piece === "") return PART;
  const lines = piece.replaceAll("\r\n", "\n").split("\n").map(visibleLine);
  return lines.join(keepsLines ? "⏎\n" : "⏎");
}
