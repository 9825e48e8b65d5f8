/** Longer words are not mistyped ones, and comparing them takes long. */
const LONGEST = 100;

/** Up to three candidates that a mistyped word may have meant, nearest first; ties are all named. */
export function suggest(word: string, candidates: Iterable<string>): string[] {
  if (word.length > LONGEST) return [];
  const reach = Math.max(1, Math.floor(word.length / 3));
  const ranked = [...new Set(candidates)]
    .filter((candidate) => Math.abs(candidate.length - word.length) <= reach) // each letter more is an edit
    .map((candidate) => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ edits }) => edits <= reach)
    .sort((a, b) => a.edits - b.edits);
  return ranked
    .filter(({ edits }) => edits === ranked[0]?.edits)
    .map(({ candidate }) => candidate)
    .slice(0, 3);
}

/** Insertions, deletions, substitutions and swaps of neighbours between two words (Damerau 1964, restricted). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(change, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
