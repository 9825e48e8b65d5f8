import type { LengthBin } from "../../protocol/preview.ts";

/** Bins of a histogram at most. */
const MOST_BINS = 32;
const STEPS = [1, 2, 5];

/** Lengths counted in bins of one width that is easy to read, from 0 to the longest. */
export function lengthBins(lengths: readonly number[]): LengthBin[] {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const width = widthFor(longest + 1);
  const counts = new Array<number>(Math.ceil((longest + 1) / width)).fill(0);
  for (const length of lengths) counts[Math.floor(length / width)]! += 1;
  return lengths.length === 0
    ? []
    : counts.map((count, bin) => ({ from: bin * width, to: (bin + 1) * width - 1, count }));
}

function widthFor(range: number): number {
  for (let scale = 1; ; scale *= 10) {
    for (const step of STEPS) if (range / (step * scale) <= MOST_BINS) return step * scale;
  }
}

/** The middle of sorted numbers; 0 of none. */
export function median(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
