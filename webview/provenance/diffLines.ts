/** Kind of a line in a unified diff. */
export type DiffLineKind = "file" | "place" | "added" | "removed" | "context";

export interface DiffLine {
  readonly kind: DiffLineKind;
  readonly text: string;
}

/** A unified diff line by line, and how many lines it adds and removes. */
export interface DiffLines {
  readonly lines: readonly DiffLine[];
  readonly nAdded: number;
  readonly nRemoved: number;
  readonly nFiles: number;
}

/** Classifies the lines of `git diff`. Inside a hunk, a line that begins with "--" is a removed line, not a header. */
export function diffLines(diff: string): DiffLines {
  const lines: DiffLine[] = [];
  const counts = { file: 0, place: 0, added: 0, removed: 0, context: 0 };
  let isInHunk = false;
  let nFiles = 0;
  for (const text of diff.replace(/\n$/, "").split("\n")) {
    if (text.startsWith("diff ")) {
      isInHunk = false;
      nFiles++;
    } else if (text.startsWith("@@")) isInHunk = true;
    const kind = isInHunk ? kindInHunk(text) : "file";
    counts[kind]++;
    lines.push({ kind, text });
  }
  return diff === ""
    ? { lines: [], nAdded: 0, nRemoved: 0, nFiles: 0 }
    : { lines, nAdded: counts.added, nRemoved: counts.removed, nFiles };
}

function kindInHunk(text: string): DiffLineKind {
  if (text.startsWith("@@")) return "place";
  if (text.startsWith("+")) return "added";
  return text.startsWith("-") ? "removed" : "context";
}
