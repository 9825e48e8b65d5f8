/** Share of the iterations, counted from the end, that a training's last numbers are taken over. */
const LAST = 0.1;

/** The values of a training's last tenth, at least one; those that were not finite do not count. */
export function lastTenth(values: Iterable<number | null>): readonly number[] {
  const finite = [...values].filter((value): value is number => value !== null && Number.isFinite(value));
  return finite.length === 0 ? [] : finite.slice(-Math.max(1, Math.round(finite.length * LAST)));
}

/** The mean of these; NaN where there is none. */
export function lastTenthMean(values: Iterable<number | null>): number {
  const last = lastTenth(values);
  return last.reduce((sum, one) => sum + one, 0) / last.length;
}
