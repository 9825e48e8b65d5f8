import type { MetricEntry } from "../../engine/protocol/catalogue.ts";
import { t } from "../localize.ts";
import { short } from "../parts/format.ts";
import { duration, moment } from "../shell/time.ts";
import type { DrawnLine } from "./draw.ts";
import type { Look } from "./looks.ts";
import { nearest, type XAxis } from "./prepared.ts";

/** The value of a line near a place. */
export interface Reading {
  readonly title: string;
  readonly look: Look;
  readonly at: number;
  readonly value: number;
}

/** Values of the lines at a place along the axis, highest first; lines that do not reach it are left out. */
export function readingsAt(lines: readonly DrawnLine[], x: number): readonly Reading[] {
  return lines
    .flatMap(({ title, look, prepared: { main } }): Reading[] => {
      const first = main.x[0] ?? Infinity;
      const last = main.x[main.x.length - 1] ?? -Infinity;
      // Half a step beyond its ends is still nearest to them.
      const slack = (last - first) / Math.max(1, main.x.length - 1) / 2;
      if (x < first - slack || x > last + slack) return [];
      const nth = nearest(main, x);
      const value = main.y[nth] ?? NaN;
      return Number.isNaN(value) ? [] : [{ title, look, at: main.x[nth] ?? x, value }];
    })
    .sort((a, b) => b.value - a.value);
}

/** A place along the axis in words. */
export function placeText(x: number, axis: XAxis): string {
  if (axis === "step") return t("step {0}", Math.round(x));
  return axis === "relative" ? duration(x) : moment(x);
}

/** Text alternative of a plot for screen readers: each line's last value. */
export function summaryOf({ label, unit }: MetricEntry, lines: readonly DrawnLine[], axis: XAxis): string {
  const what = unit === "" ? label : `${label} (${unit})`;
  if (lines.length === 0) return t("{0}: nothing to show yet", what);
  const told = lines.map(({ title, prepared: { main, n } }) => {
    const last = main.y.length - 1;
    const seeds = n > 1 ? t(", mean of {0} seeds", n) : "";
    return `${title}: ${t("{0} at {1}", short(main.y[last] ?? NaN), placeText(main.x[last] ?? 0, axis))}${seeds}`;
  });
  return `${t("{0}, last values", what)}. ${told.join(". ")}.`;
}
