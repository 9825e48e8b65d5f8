import type { PanelFigureSpec, QuantileColumn } from "../../engine/figures/index.ts";
import { rangeOf } from "../../engine/figures/index.ts";
import {
  DISTRIBUTIONS,
  type DistributionName,
  PERCENTILES,
  percentilePath,
} from "../../engine/protocol/distributions.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import type { LoadedLine } from "./settings.ts";

/** Quantities whose distributions some stage has recorded, in the catalogue's order. */
export function recordedDistributions(outlines: readonly Pick<RunOutline, "series">[]): readonly DistributionName[] {
  const recorded = new Set(outlines.flatMap(({ series }) => Object.values(series).flatMap(Object.keys)));
  return DISTRIBUTIONS.map(({ of }) => of).filter((of) => recorded.has(percentilePath(of, 50)));
}

/** The lines of each percentile, in the order of `PERCENTILES`. */
export type LinesByPercentile = readonly (readonly LoadedLine[])[];

/** A figure for each line whose percentiles are all there, with one vertical axis for all of them. */
export function distributionSpecs(
  of: DistributionName,
  lines: LinesByPercentile,
): ReadonlyMap<string, PanelFigureSpec> {
  const [first = []] = lines;
  const columns = new Map(
    first.map(({ key }) => [key, columnsOf(lines.map((all) => all.find((one) => one.key === key)))]),
  );
  const range = rangeOf(...[...columns.values()].flatMap((all) => all.map(({ values }) => values)));
  const { label, unit, description } = DISTRIBUTIONS.find((one) => one.of === of) ?? DISTRIBUTIONS[0];
  return new Map(
    first.flatMap(({ key, title }) => {
      const own = columns.get(key) ?? [];
      if (own.length === 0) return [];
      const x = { label: "Step" };
      const y = { label, unit };
      const caption = `${description}; the batch at each step. The lighter, the more responses; the line is the median, and the ends are the least and the greatest.`;
      const panel = { kind: "density", title: "", x, y, percents: PERCENTILES, columns: own } as const;
      return [[key, { title, caption, panels: [{ ...panel, ...(range && { range }) }] }] as const];
    }),
  );
}

/** Steps at which all percentiles are known, of all seeds; over several seeds the mean of each percentile. */
function columnsOf(lines: readonly (LoadedLine | undefined)[]): readonly QuantileColumn[] {
  const byStep = new Map<number, number[][]>();
  for (const [percentile, line] of lines.entries()) {
    for (const { steps, values } of line?.curves ?? []) {
      for (const [at, step] of steps.entries()) {
        const found = byStep.get(step) ?? lines.map(() => []);
        byStep.set(step, found);
        if (Number.isFinite(values[at])) found[percentile]?.push(values[at] ?? NaN);
      }
    }
  }
  const columns = [...byStep].map(([x, all]): QuantileColumn => {
    const n = Math.min(...all.map(({ length }) => length));
    return { x, n, values: all.map((own) => own.reduce((sum, one) => sum + one, 0) / own.length) };
  });
  return columns.filter(({ n }) => n > 0).sort((a, b) => a.x - b.x);
}
