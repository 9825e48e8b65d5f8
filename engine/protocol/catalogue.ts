import type { MetricEntry } from "./metrics/entry.ts";
import { LEARNING, OBJECTIVE } from "./metrics/ppo.ts";
import { LOSSES, OPTIMIZERS, REWARDS, WORK } from "./metrics/training.ts";

export type { MetricEntry } from "./metrics/entry.ts";

/** Every metric a run records. Add yours here; dashboards, reports and the contract test follow. */
export const METRICS = [...OBJECTIVE, ...LEARNING, ...LOSSES, ...OPTIMIZERS, ...REWARDS, ...WORK] as const;

/** Paths of all metrics. */
export type MetricName = (typeof METRICS)[number]["name"];

/** Metrics of which there is one for each of several things, which the last part of the name tells. */
export const METRIC_FAMILIES = [
  {
    prefix: "objective/kl/",
    entry: (reference: string): Omit<MetricEntry, "name"> => ({
      label: `KL to ${reference}`,
      unit: "nats per sequence",
      description: `Penalty to the reference ${reference} alone, summed over each response, averaged over the batch; recorded where an arm has several references, whose mean is objective/kl`,
      source: "",
    }),
  },
] as const;

/** Path of the KL to one of several references, by its name in the config. */
export function referenceKl(reference: string): string {
  return `objective/kl/${reference}`;
}

/** What is known about a metric; one that is not in the catalogue is its own label. */
export function describeMetric(name: string): MetricEntry {
  const known = METRICS.find((entry) => entry.name === name);
  if (known !== undefined) return known;
  const family = METRIC_FAMILIES.find(({ prefix }) => name.startsWith(prefix) && name.length > prefix.length);
  if (family !== undefined) return { name, ...family.entry(name.slice(family.prefix.length)) };
  return { name, label: name, unit: "", description: "", source: "" };
}
