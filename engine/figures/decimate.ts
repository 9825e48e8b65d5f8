import type { Points, Range } from "./points.ts";

/** A curve of fewer points. */
export interface Decimated {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * The curve with no more points than can be seen: of each pixel column the first, lowest, highest and last, in their
 * order. So every peak stays, and lines between columns run as before; a gap leaves a NaN.
 *
 * @param points - The curve.
 * @param columns - Pixels it is drawn over.
 * @param range - The stretch of `x` that is drawn; points outside are left out but for the nearest on each side.
 */
export function decimate(points: Points, columns: number, range?: Range): Decimated {
  const { x, y } = points;
  const [from, to] = range === undefined ? [0, y.length] : visible(x, range);
  const min = range?.min ?? x[from] ?? 0;
  const span = (range?.max ?? x[to - 1] ?? 0) - min;
  const perColumn = span > 0 ? Math.max(1, columns) / span : 0;
  const kept: number[] = [];
  for (let start = from; start < to;) {
    const column = Math.floor(((x[start] ?? 0) - min) * perColumn);
    let end = start + 1;
    while (end < to && Math.floor(((x[end] ?? 0) - min) * perColumn) === column) end++;
    keepExtremes(y, start, end, kept);
    start = end;
  }
  return { x: picked(x, kept), y: picked(y, kept) };
}

/** By index: `Float64Array.from` takes ten times as long, and this runs for every line of every frame. */
function picked(column: ArrayLike<number>, indices: readonly number[]): Float64Array {
  const values = new Float64Array(indices.length);
  for (let at = 0; at < indices.length; at++) values[at] = column[indices[at] ?? 0] ?? NaN;
  return values;
}

/** First and last index, exclusive, of the part to draw. */
function visible(x: ArrayLike<number>, { min, max }: Range): readonly [number, number] {
  const before = firstAtLeast(x, min);
  let after = firstAtLeast(x, max);
  while (after < x.length && (x[after] ?? 0) <= max) after++;
  return [Math.max(0, before - 1), Math.min(x.length, after + 1)];
}

function firstAtLeast(x: ArrayLike<number>, value: number): number {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((x[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Indices of a column's points that can be seen, with one of each gap. */
function keepExtremes(y: ArrayLike<number>, start: number, end: number, kept: number[]): void {
  let [lowest, highest, first, last, isGap] = [-1, -1, -1, -1, false];
  for (let at = start; at < end; at++) {
    const value = y[at] ?? NaN;
    if (!Number.isFinite(value)) {
      if (first >= 0) keep(kept, first, lowest, highest, last);
      if (!isGap) kept.push(at);
      first = -1;
      isGap = true;
      continue;
    }
    isGap = false;
    if (first < 0) first = lowest = highest = at;
    else if (value < (y[lowest] ?? 0)) lowest = at;
    else if (value > (y[highest] ?? 0)) highest = at;
    last = at;
  }
  if (first >= 0) keep(kept, first, lowest, highest, last);
}

/** Each once, in their order. */
function keep(kept: number[], first: number, lowest: number, highest: number, last: number): void {
  const [one, other] = lowest < highest ? [lowest, highest] : [highest, lowest];
  kept.push(first);
  if (one > first) kept.push(one);
  if (other > one) kept.push(other);
  if (last > other) kept.push(last);
}
