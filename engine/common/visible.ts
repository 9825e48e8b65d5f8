/**
 * Characters that steer a terminal or an editor instead of being read: controls (C0, DEL, C1), Unicode's marks, overrides
 * and isolates of direction, and its separators of lines and paragraphs.
 */
const STEERING = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;
/** The same, without those that text of several lines is laid out with. */
const STEERING_IN_LINES = /\r\n|[\n\t]|[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/** True for text of one line that holds none of these, and is what it looks like. */
export function isPlain(text: string): boolean {
  return visibleLine(text) === text;
}

/** Text of several lines with steering characters spelled out, such as `\x1b` or `\u202e`; line breaks and tabs stay. */
export function visible(text: string): string {
  return text.replace(STEERING_IN_LINES, (found) => (/^(\r\n|\n|\t)$/.test(found) ? found : spelled(found)));
}

/** Text in one line with steering characters spelled out, line breaks and tabs too. */
export function visibleLine(text: string): string {
  return text.replace(STEERING, spelled);
}

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** From DEL on as JSON spells it, so that JSON stays JSON; it spells the others itself. */
function spelled(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code.toString(16);
  return SHORT[character] ?? (code < 0x20 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex.padStart(4, "0")}`);
}
