import type { Line } from "./lineFigure.ts";
import { meanBand } from "./meanBand.ts";
import { lookAt } from "./looks.ts";
import { FIGURE_THEMES } from "./theme.ts";

/** A line's values as recorded, to be read off; of several seeds their mean. */
export interface ReadoutLine {
  readonly name: string;
  readonly color: string;
  readonly x: readonly number[];
  /** Null where nothing was recorded. */
  readonly y: readonly (number | null)[];
}

/** Points of a line, at most: of longer ones every so many. */
const MOST_POINTS = 2000;

/** The values that a figure's script shows under the pointer, in the order of the figure's lines. */
export function readoutOf(lines: readonly Line[]): readonly ReadoutLine[] {
  return lines.map(({ name, curves, place, look }, at) => {
    const [only = { x: [], y: [] }, ...others] = curves;
    const band = others.length === 0 ? undefined : meanBand(curves, {});
    const [x, y] = band === undefined ? [only.x, only.y] : [band.x, band.mean];
    const every = Math.max(1, Math.ceil(x.length / MOST_POINTS));
    const kept = Array.from({ length: Math.ceil(x.length / every) }, (_, index) => index * every);
    const { color } = look ?? lookAt(FIGURE_THEMES.light, place ?? at);
    return { name, color, x: kept.map((one) => x[one] ?? 0), y: kept.map((one) => shortened(y[one] ?? NaN)) };
  });
}

function shortened(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(5)) : null;
}
