/** A stretch of a text, and whether the other text lacks it. */
export interface Piece {
  readonly text: string;
  readonly isChanged: boolean;
}

/** Two texts cut where they differ; the pieces of each add up to it. */
export interface WordDiff {
  readonly left: readonly Piece[];
  readonly right: readonly Piece[];
}

/** Cells of the table over which differing middles are called different as a whole: 4 million take some 30 ms. */
const MOST_CELLS = 4_000_000;

/** Longest common subsequence of words, spaces and signs. */
export function wordDiff(left: string, right: string): WordDiff {
  const [a, b] = [words(left), words(right)];
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const common = commonWords(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const flags = (all: readonly string[], middle: readonly boolean[]): boolean[] =>
    all.map((_, index) => index >= start && index < all.length - end && middle[index - start] !== true);
  return { left: pieces(a, flags(a, common.a)), right: pieces(b, flags(b, common.b)) };
}

function words(text: string): readonly string[] {
  return text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
}

/** Which words belong to a longest common subsequence. */
function commonWords(a: readonly string[], b: readonly string[]): { a: boolean[]; b: boolean[] } {
  const flags = { a: a.map(() => false), b: b.map(() => false) };
  const width = b.length + 1;
  if ((a.length + 1) * width > MOST_CELLS) return flags;
  const longest = new Uint16Array((a.length + 1) * width); // of the rests from (i, j) on
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      flags.a[i++] = true;
      flags.b[j++] = true;
    } else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return flags;
}

/** Joins neighbours of a kind; a space between two changed words reads better as changed itself. */
function pieces(all: readonly string[], isChanged: readonly boolean[]): readonly Piece[] {
  const joined: { text: string; isChanged: boolean }[] = [];
  for (const [index, text] of all.entries()) {
    const isBridge = /^\s+$/.test(text) && isChanged[index - 1] === true && isChanged[index + 1] === true;
    const flag = isBridge || isChanged[index] === true;
    const last = joined.at(-1);
    if (last?.isChanged === flag) last.text += text;
    else joined.push({ text, isChanged: flag });
  }
  return joined;
}
