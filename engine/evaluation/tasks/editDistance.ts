/**
 * Fewest insertions, deletions and substitutions of one word that turn `from` into `to`.
 *
 * Levenshtein 1966; Wagner and Fischer's table, one row at a time.
 */
export function editDistance(from: readonly string[], to: readonly string[]): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [row, word] of from.entries()) {
    let left = row + 1;
    const current = [left];
    for (const [column, other] of to.entries()) {
      const diagonal = at(above, column) + (word === other ? 0 : 1);
      left = Math.min(diagonal, left + 1, at(above, column + 1) + 1);
      current.push(left);
    }
    above = current;
  }
  return at(above, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
