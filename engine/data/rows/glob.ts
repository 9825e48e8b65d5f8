import { hasWildcards } from "../../config/paths.ts";

/** Most paths that braces may stand for. */
const MOST_ALTERNATIVES = 100;

/** The folder above a pattern's first wildcard. */
export function fixedFolder(pattern: string): string {
  const parts = pattern.split("/");
  const first = parts.findIndex(hasWildcards);
  return parts.slice(0, first < 0 ? -1 : first).join("/") || (pattern.startsWith("/") ? "/" : ".");
}

/**
 * True if a path fits a pattern: `*` stands for letters of one name, `?` for one of them, `**` for any number of folders,
 * and `{a,b}` for either. Takes time in proportion to both lengths, whatever the pattern.
 */
export function matches(pattern: string, path: string): boolean {
  return alternatives(pattern).some((one) => fits(one.split("/"), path.split("/"), fitsName));
}

function alternatives(pattern: string): readonly string[] {
  let done: string[] = [];
  const open = [pattern];
  while (open.length > 0 && done.length + open.length <= MOST_ALTERNATIVES) {
    const next = open.pop() ?? "";
    const braces = /\{([^{}]*,[^{}]*)\}/.exec(next);
    if (braces === null) done.push(next);
    else {
      const rest = next.slice(braces.index + braces[0].length);
      for (const part of (braces[1] ?? "").split(",")) open.push(next.slice(0, braces.index) + part + rest);
    }
  }
  if (open.length > 0) done = [pattern];
  return done;
}

const ANY_FOLDERS = "**";

function fitsName(pattern: string, name: string): boolean {
  return fits(Array.from(pattern), Array.from(name), (one, letter) => one === "?" || one === letter, "*");
}

/** The usual walk with one place to go back to, at the last wildcard that takes any number of items. */
function fits(
  pattern: readonly string[],
  items: readonly string[],
  fitsOne: (pattern: string, item: string) => boolean,
  any = ANY_FOLDERS,
): boolean {
  let [at, item] = [0, 0];
  let [back, backItem] = [-1, 0];
  while (item < items.length) {
    const one = pattern[at];
    if (one === any) {
      [back, backItem] = [at, item];
      at += 1;
    } else if (one !== undefined && fitsOne(one, items[item] ?? "")) {
      at += 1;
      item += 1;
    } else if (back >= 0) {
      backItem += 1;
      [at, item] = [back + 1, backItem];
    } else return false;
  }
  while (pattern[at] === any) at += 1;
  return at === pattern.length;
}
