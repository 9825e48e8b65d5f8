import type { Curve } from "../model.ts";

/** Steps before and after an alarm that are shown. */
const AROUND = 30;

/** A piece of a curve in pixels. */
export interface Sparkline {
  /** An SVG path, with a gap where values are not finite. */
  readonly path: string;
  /** Of the alarm's step. */
  readonly x: number;
  /** Of the value there; absent where it is not finite. */
  readonly y?: number;
  readonly value?: number;
  readonly least: number;
  readonly most: number;
  readonly first: number;
  readonly last: number;
}

/** The curve around a step, as large as the box with a margin for the line's width; undefined without two points. */
export function sparkline(
  { steps, values }: Pick<Curve, "steps" | "values">,
  step: number,
  { width, height }: { readonly width: number; readonly height: number },
): Sparkline | undefined {
  const points = [...steps]
    .map((at, index) => ({ at, value: values[index] ?? NaN }))
    .filter(({ at }) => Math.abs(at - step) <= AROUND);
  const finite = points.filter(({ value }) => Number.isFinite(value));
  const [first, last] = [points[0]?.at, points.at(-1)?.at];
  if (first === undefined || last === undefined || finite.length < 2) return undefined;
  const sizes = finite.map(({ value }) => value);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const margin = 3;
  const x = (at: number): number => margin + ((at - first) / (last - first || 1)) * (width - 2 * margin);
  const y = (value: number): number =>
    most === least ? height / 2 : height - margin - ((value - least) / (most - least)) * (height - 2 * margin);
  let path = "";
  let isBroken = true;
  for (const { at, value } of points) {
    if (Number.isFinite(value)) path += `${isBroken ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    isBroken = !Number.isFinite(value);
  }
  // Metrics may be recorded every few steps: the alarm saw the last record up to its step.
  const seen = points.findLast(({ at }) => at <= step) ?? points[0];
  const isFinite = seen !== undefined && Number.isFinite(seen.value);
  return {
    path,
    x: x(Math.max(first, Math.min(last, step))),
    ...(isFinite && { y: y(seen.value), value: seen.value }),
    least,
    most,
    first,
    last,
  };
}
