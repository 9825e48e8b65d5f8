import { isPercentile } from "../../engine/protocol/distributions.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import { label } from "../label.ts";
import { fromCatalogue } from "../localize.ts";

/** A metric to pick. */
export interface MetricItem {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
  readonly metric: string;
}

/** Metrics that were recorded, each once, in the catalogue's order; those it does not know come last. */
export async function metricItems(outlines: readonly Pick<RunOutline, "series">[]): Promise<MetricItem[]> {
  const { METRICS, describeMetric } = await import("../../engine/protocol/catalogue.ts");
  const recorded = new Set(outlines.flatMap(({ series }) => Object.values(series).flatMap(Object.keys)));
  const known = METRICS.map(({ name }) => name as string).filter((name) => recorded.has(name));
  const others = [...recorded].filter((name) => !known.includes(name) && !isPercentile(name)).sort();
  return [...known, ...others].map((metric) => {
    const { label: name, unit, description: detail } = describeMetric(metric, fromCatalogue);
    const description = label(unit === "" ? metric : `${metric} · ${unit}`);
    return { label: label(name), description, detail: label(detail), metric };
  });
}
