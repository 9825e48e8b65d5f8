import { visibleLine } from "./visible.ts";

/** Words that every shell reads as they are. A leading dash would make an option of a name. */
const PLAIN = /^[\w./@:+][\w./@:+-]*$/;

/**
 * A word of a command line to copy, in one line, as a POSIX shell reads it; steering characters as bash, zsh and ksh spell
 * them.
 *
 * @param word - A name or a path; one that begins with a dash is taken for a file of the current folder.
 */
export function shellWord(word: string): string {
  const path = word.startsWith("-") ? `./${word}` : word;
  if (PLAIN.test(path)) return path;
  if (visibleLine(path) === path) return `'${path.replaceAll("'", "'\\''")}'`;
  return `$'${visibleLine(path.replace(/[\\']/g, "\\$&"))}'`;
}

/** The same for Windows, whose file names hold no double quotes. */
export function windowsWord(word: string): string {
  const path = word.startsWith("-") ? `.\\${word}` : word;
  return /^[\w./\\:@+-]+$/.test(path) ? path : `"${visibleLine(path)}"`;
}
