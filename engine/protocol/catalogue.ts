import { CANDIDATE_SCORE } from "./candidateScore.ts";
import { DISTRIBUTIONS, percentilePath } from "./distributions.ts";
import { type Translate, inEnglish } from "../common/format.ts";
import type { MetricEntry } from "./metrics/entry.ts";
import { CHOICES, JUDGING, PROGRESS } from "./metrics/evaluation.ts";
import { LEARNING, OBJECTIVE } from "./metrics/ppo.ts";
import { LOSSES, OPTIMIZERS, PREFERENCES, REWARDS, WORK } from "./metrics/training.ts";

export type { MetricEntry } from "./metrics/entry.ts";

/** Every metric a run records. Add yours here; dashboards, reports and the contract test follow. */
export const METRICS = [
  ...OBJECTIVE,
  ...LEARNING,
  ...LOSSES,
  ...OPTIMIZERS,
  ...REWARDS,
  ...PREFERENCES,
  ...PROGRESS,
  ...CHOICES,
  ...JUDGING,
  ...WORK,
] as const;

const SINGLE_VALUES: ReadonlySet<string> = new Set(CHOICES.map(({ name }) => name));

/** True for a metric that has one value a stage, and so no curve. */
export function isSingleValue(metric: string): boolean {
  return SINGLE_VALUES.has(metric) || metric.startsWith(CANDIDATE_SCORE);
}

/** Paths of metrics that are drawn as the interval of another one. */
export const INTERVAL_ENDS: ReadonlySet<string> = new Set(
  PROGRESS.flatMap((entry) => ("interval" in entry ? entry.interval : [])),
);

/** Paths of all metrics. */
export type MetricName = (typeof METRICS)[number]["name"];

/** Metrics with one instance for each of several things, named by the last part of the path: `{0}` in texts. */
export const METRIC_FAMILIES: readonly (Omit<MetricEntry, "name"> & { readonly prefix: string })[] = [
  {
    prefix: "objective/kl/",
    label: "KL to {0}",
    unit: "nats per sequence",
    description:
      "Penalty to the reference {0} alone, summed over each response, averaged over the batch; recorded where an arm has several references, whose mean is objective/kl",
    source: "",
  },
  {
    prefix: CANDIDATE_SCORE,
    label: "Score of the candidate β {0}",
    unit: "score",
    description:
      "Mean score by the run's judge of the candidate's answers to the validation split: the highest is chosen",
    source: "SALSA, section 4.1",
  },
  ...DISTRIBUTIONS.map(({ of, label, unit, description }) => ({
    prefix: percentilePath(of, 0).slice(0, -1),
    label: `${label}, percentile {0}`,
    unit,
    description: `${description}: the value below which {0} % of the batch are`,
    source: "",
  })),
];

/** Path of the KL to one of several references, by its name in the config. */
export function referenceKl(reference: string): string {
  return `objective/kl/${reference}`;
}

/** Every text of the catalogue, for translators. */
export function metricTexts(): readonly string[] {
  const texts = [...METRICS, ...METRIC_FAMILIES].flatMap(({ label, unit, description }) => [label, unit, description]);
  return texts.filter((text) => text !== "");
}

/** Describes a metric, in English or another language; one that is not in the catalogue is its own label. */
export function describeMetric(name: string, translate: Translate = inEnglish): MetricEntry {
  const family = METRIC_FAMILIES.find(({ prefix }) => name.startsWith(prefix) && name.length > prefix.length);
  const entry: Omit<MetricEntry, "name"> | undefined = family ?? METRICS.find((one) => one.name === name);
  if (entry === undefined) return { name, label: name, unit: "", description: "", source: "" };
  const values = family === undefined ? [] : [name.slice(family.prefix.length)];
  const put = (text: string): string => (text === "" ? "" : translate(text, ...values));
  const { label, unit, description, source, bounds, interval } = entry;
  const described = { name, label: put(label), unit: put(unit), description: put(description), source };
  return { ...described, ...(bounds && { bounds }), ...(interval && { interval }) };
}
