/** Unwanted rows below which two runs of wanted ones are taken as one: each run reads and packs all weights. */
const GAP: i32 = 24;

/** A run of wanted rows [first, last). */
export let first: i32 = 0;
export let last: i32 = 0;
/** Finds the first run in [row, end), of `most` rows at most. @returns false when there is none. */
export function findWanted(numbers: usize, row: i32, end: i32, most: i32): bool {
  while (row < end && load<i32>(numbers + ((<usize>row) << 2)) < 0) row++;
  first = row;
  last = row;
  for (; row < end && row - first < most && row - last < GAP; row++) {
    if (load<i32>(numbers + ((<usize>row) << 2)) >= 0) last = row + 1;
  }
  return first < end;
}
