import type { WinRateRow } from "../../engine/protocol/verdicts.ts";

/** An interval to draw, with whose it is. */
export interface ForestEntry {
  /** "salsa vs ppo". */
  readonly label: string;
  /** Heading under which it stands. */
  readonly group: string;
  readonly row: WinRateRow;
  /** Index of the run; runs differ in shape. */
  readonly run: number;
}

/** A point with whiskers, in pixels; whiskers are absent where there is no interval. */
export interface ForestMark {
  readonly entry: ForestEntry;
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
  /** Of a single seed: drawn smaller and open. */
  readonly isSeed: boolean;
}

/** A forest plot in pixels. */
export interface Forest {
  readonly height: number;
  /** Where the plot begins; labels are to the left. */
  readonly left: number;
  readonly right: number;
  /** Of 50 %. */
  readonly reference: number;
  readonly bottom: number;
  readonly ticks: readonly { readonly x: number; readonly label: string }[];
  readonly labels: readonly { readonly y: number; readonly text: string; readonly isGroup: boolean }[];
  readonly marks: readonly ForestMark[];
}

const LINE = 20;
/** Between marks of one pair. */
const CLOSE = 13;
const LABELS = 190;
const MARGIN = 16;
const AXIS = 26;

/** Lays out a forest plot: a line for each pair, under it a closer one for each run and seed. */
export function forest(entries: readonly ForestEntry[], width: number): Forest {
  const drawn = entries.filter(({ row }) => row.adjusted !== null);
  const { first, last, step } = domain(drawn);
  const left = Math.min(LABELS, width * 0.4);
  const right = width - MARGIN;
  const x = (rate: number): number => left + ((rate - first) / (last - first)) * (right - left);
  const labels: Forest["labels"][number][] = [];
  const marks: ForestMark[] = [];
  let y = 0;
  for (const [group, ofGroup] of Map.groupBy(drawn, (entry) => entry.group)) {
    labels.push({ y: (y += LINE), text: group, isGroup: true });
    for (const [label, ofPair] of Map.groupBy(ofGroup, (entry) => entry.label)) {
      labels.push({ y: (y += LINE), text: label, isGroup: false });
      for (const [index, entry] of ofPair.entries()) marks.push(markOf(entry, x, index === 0 ? y : (y += CLOSE)));
    }
    y += LINE / 2;
  }
  const nTicks = Math.round((last - first) / step) + 1;
  const rates = Array.from({ length: nTicks }, (_, index) => first + index * step);
  const ticks = rates.map((rate) => ({ x: x(rate), label: `${Math.round(rate * 100)} %` }));
  return { height: y + AXIS, left, right, reference: x(0.5), bottom: y, ticks, labels, marks };
}

function markOf(entry: ForestEntry, x: (rate: number) => number, y: number): ForestMark {
  const { adjusted, low, high, seed } = entry.row;
  const whiskers = low !== null && high !== null && { low: x(low), high: x(high) };
  return { entry, x: x(adjusted ?? NaN), y, isSeed: seed !== "all", ...whiskers };
}

/** All intervals and 50 %, rounded outwards to ticks, of which there are ten at most. */
function domain(entries: readonly ForestEntry[]): { first: number; last: number; step: number } {
  const rates = entries.flatMap(({ row: { adjusted, low, high } }) =>
    [adjusted, low, high].filter((rate) => rate !== null),
  );
  const [least, most] = [Math.min(0.48, ...rates), Math.max(0.52, ...rates)];
  const step = most - least > 0.4 ? 0.1 : 0.05;
  const inTicks = (rate: number): number => Number((rate / step).toFixed(6)); // 0.55 / 0.05 is not quite 11
  return { first: Math.floor(inTicks(least)) * step, last: Math.ceil(inTicks(most)) * step, step };
}
