/** Values measured at places along an axis, in ascending order of `x`. NaN in `y` is a gap. */
export interface Points {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/** Ends of a stretch of an axis. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The stretch that finite numbers cover; undefined when there are none. */
export function rangeOf(...columns: readonly ArrayLike<number>[]): Range | undefined {
  let [min, max] = [Infinity, -Infinity];
  for (const column of columns) {
    // By index: an iterator over a million points is slow.
    for (let at = 0, { length } = column; at < length; at++) {
      const value = column[at] ?? NaN;
      if (!Number.isFinite(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return min > max ? undefined : { min, max };
}
