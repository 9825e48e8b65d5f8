import type { RunOutline } from "../../engine/protocol/service.ts";
import { readStageName } from "../pipeline/stageNames.ts";

/** What one line of a plot is made of: an arm or another stage of a run, over its seeds. */
export interface LineSource {
  /** Unique among the lines of all plots. */
  readonly key: string;
  /** Without seed: "salsa", "salsa (β 0.1)". */
  readonly name: string;
  readonly folder: string;
  /** Place of the run in the focus. */
  readonly runIndex: number;
  /** One a seed. */
  readonly stages: readonly string[];
}

/** Name of a stage without its seed. */
export function lineName(stage: string): string {
  const { product, candidate } = readStageName(stage);
  return candidate === undefined ? product : `${product} (${candidate})`;
}

/** The lines of a metric, run by run. */
export function linesOf(metric: string, outlines: readonly RunOutline[]): readonly LineSource[] {
  return outlines.flatMap(({ folder, series }, runIndex) => {
    const stages = Object.keys(series).filter((stage) => series[stage]?.[metric] !== undefined);
    const byName = Map.groupBy(stages, lineName);
    return [...byName].map(([name, of]) => ({ key: `${folder}\n${name}`, name, folder, runIndex, stages: of }));
  });
}

/** Names of all lines: arms first, since they are what is compared, then the rest, each in the order of the run. */
export function lineNames(outlines: readonly RunOutline[]): readonly string[] {
  const arms = new Set<string>();
  const others = new Set<string>();
  for (const { stages, series } of outlines) {
    const order = new Map(stages.map(({ id: name }, at) => [name, at]));
    const recorded = Object.keys(series).sort((a, b) => (order.get(a) ?? Infinity) - (order.get(b) ?? Infinity));
    for (const stage of recorded) {
      const isArm = Object.keys(series[stage] ?? {}).some((metric) => metric.startsWith("objective/"));
      (isArm ? arms : others).add(lineName(stage));
    }
  }
  return [...arms, ...others.difference(arms)];
}
