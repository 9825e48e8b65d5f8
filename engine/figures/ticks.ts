import type { Range } from "./points.ts";

/** Ticks for each one that was wanted; there are 2.5 at most, where numbers are of a common size. */
const MOST = 5;

/** Steps that people count in. */
const STEPS = [1, 2, 5, 10];

/** Round numbers inside a range, about as many as wanted; the only number of a range without width. */
export function ticks({ min, max }: Range, wanted: number): number[] {
  if (!(max > min)) return Number.isFinite(min) ? [min] : [];
  // One by one: the span of two doubles may be more than a double.
  const rough = max / Math.max(1, wanted) - min / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = (STEPS.find((one) => one * power >= rough * 0.999) ?? 10) * power;
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  // Of numbers next to the largest and smallest doubles, steps overflow or vanish.
  if (!(last - first <= MOST * Math.max(1, wanted))) return [min, max];
  // Counting whole steps keeps 0.3 from becoming 0.30000000000000004.
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** Powers of ten inside a range of positive numbers, with 2 and 5 between them where there are few; else as `ticks`. */
export function logTicks({ min, max }: Range, wanted: number): number[] {
  if (!(min > 0) || !(max > min)) return ticks({ min, max }, wanted);
  const [first, last] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(max))];
  const decades = Array.from({ length: last - first + 1 }, (_, at) => Number(`1e${first + at}`));
  const inside = (values: readonly number[]): number[] => values.filter((one) => one >= min && one <= max);
  const powers = inside(decades);
  if (powers.length > wanted) {
    const every = Math.ceil(powers.length / wanted);
    return powers.filter((_, at) => at % every === 0);
  }
  if (powers.length >= 3) return powers;
  const finer = inside(decades.flatMap((power) => [1, 2, 5].map((one) => Number((one * power).toPrecision(12)))));
  return finer.length >= 3 ? finer : ticks({ min, max }, wanted);
}

/** A number on an axis, short: 0.05, 1,200, 2.5M, 3e-5. */
export function tickText(value: number): string {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 1e15 || size < 1e-4)
    return value.toExponential().replace("e+", "e").replace("-", "−").replace("e-", "e−");
  const [scale, letter] = size >= 1e9 ? [1e9, "G"] : size >= 1e6 ? [1e6, "M"] : [1, ""];
  const [whole = "", fraction] = String(Number((size / scale).toPrecision(6))).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${value < 0 ? "−" : ""}${grouped}${fraction === undefined ? "" : `.${fraction}`}${letter}`;
}
