/** Most letters of a name: file systems take 255 bytes, more is added to it, and letters beyond ASCII take up to four. */
export const MOST_LETTERS = 100;
const MOST_OTHER_LETTERS = 50;
/** Letters at the end of a long file name that stay. */
const LAST_LETTERS = 12;

/**
 * A name of a run, a model, a soup, an arm or a benchmark, which becomes a file name: letters of any language, digits,
 * dots, dashes and underscores, beginning with a letter or digit.
 */
export const USABLE_NAME = /^(?=[\x20-\x7e]*$|.{1,50}$)[\p{L}\p{N}][\p{L}\p{M}\p{N}_.-]*$/u;

/** `USABLE_NAME` in words, for messages. */
export const NAME_RULE = "use letters, digits, dots, dashes and underscores, starting with a letter or digit";

/** The usable name that comes closest to a text, with dashes for what no name has; empty where nothing remains of it. */
export function usableName(text: string): string {
  const plain = text.trim().normalize("NFC");
  return shortened(plain.replace(/[^\p{L}\p{M}\p{N}_.-]+/gu, "-").replace(/^[^\p{L}\p{N}]+/u, ""));
}

/**
 * The file's or folder's name, without ending, that comes closest to any name: servers call their models `owner/name`, and
 * stages are `seed-1/salsa`. Of a long one its last letters stay, too: by them runs of one name are told apart.
 */
export function usableFileName(name: string): string {
  const letters = Array.from(name.replaceAll(/[^\p{L}\p{M}\p{N}_.+@-]+/gu, "_").replace(/^\.+/, ""));
  const most = mostLetters(letters.join(""));
  if (letters.length === 0) return "unnamed";
  if (letters.length <= most) return letters.join("");
  return [...letters.slice(0, most - LAST_LETTERS - 1), "_", ...letters.slice(-LAST_LETTERS)].join("");
}

function shortened(name: string): string {
  return Array.from(name).slice(0, mostLetters(name)).join("");
}

/** Letters that fit a file system, which counts bytes. */
function mostLetters(name: string): number {
  return /^[\x20-\x7e]*$/.test(name) ? MOST_LETTERS : MOST_OTHER_LETTERS;
}
