/** Times that a list of β is widened at most: a best value that is still at an end then is reported as such. */
export const MOST_WIDENINGS = 4;

/** Step between neighbours where a list does not say, or only by a hair. */
const FACTOR = 2;
const LEAST_FACTOR = 1.1;

/** True if the best of a list has a tried neighbour on both sides; below 0 there is none to try. */
export function isInside(betas: readonly number[], best: number): boolean {
  return best < Math.max(...betas) && (best === 0 || best > Math.min(...betas));
}

/**
 * A list of candidates with one more beyond the end where the best is, as far away in proportion as the last two are
 * from each other; as it was where the best is inside. In ascending order.
 */
export function widened(betas: readonly number[], best: number): readonly number[] {
  const sorted = [...betas].sort((a, b) => a - b);
  if (isInside(betas, best)) return sorted;
  const ends = best === sorted.at(-1) ? sorted.slice(-2) : sorted.slice(0, 2);
  const [low = 0, high = 0] = ends;
  const ratio = low > 0 && high >= LEAST_FACTOR * low ? high / low : FACTOR;
  const next = best === sorted.at(-1) ? best * ratio : best / ratio;
  // Of the largest β, 0: nothing is in proportion to it.
  const added = next === 0 ? 1 : Number(next.toPrecision(12));
  return [...sorted, added].sort((a, b) => a - b);
}
