import type { Tokenizer } from "../../text/index.ts";

/** Tokens that are looked back at for the text of one: characters take at most four bytes, with a token each. */
const LOOK_BACK = 8;
/** Stands where bytes are no character, or not yet. */
const UNFINISHED = "\ufffd";

/**
 * The text of each token, which one after the other give the text of all. A character that several tokens make stands at
 * the last of them, and the others have an empty text.
 */
export function tokenPieces(tokenizer: Tokenizer, ids: readonly number[]): string[] {
  const pieces: string[] = [];
  let start = 0; // of the tokens before, as many as decide how the next is written
  let last = 0; // first token whose text has not been given
  for (let at = 0; at < ids.length; at++) {
    const before = tokenizer.decodeAll(ids.slice(start, last));
    const text = tokenizer.decodeAll(ids.slice(start, at + 1));
    const isUnfinished = text.endsWith(UNFINISHED) && at + 1 - last < LOOK_BACK && at + 1 < ids.length;
    if (isUnfinished) {
      pieces.push("");
      continue;
    }
    pieces.push(text.startsWith(before) ? text.slice(before.length) : (tokenizer.tokenOf(ids[at] ?? 0) ?? ""));
    start = last;
    last = at + 1;
  }
  return pieces;
}
