import { INTERVAL_ENDS, type MetricEntry, METRICS, isSingleValue } from "../../engine/protocol/catalogue.ts";
import { isPercentile } from "../../engine/protocol/distributions.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { describePlot, partsOf } from "./expression.ts";

/** Metrics that belong together. */
export interface MetricGroup {
  readonly title: string;
  readonly metrics: readonly MetricEntry[];
}

/** In the order of the view; a metric is in the first group whose pattern fits its path. */
const GROUPS: readonly (readonly [title: () => string, pattern: RegExp])[] = [
  [() => t("Reward & KL"), /^objective\//],
  [() => t("Policy"), /^(policy\/|loss\/(policy|total)$)/],
  [() => t("Win Rate"), /^evaluation\//],
  [() => t("Value"), /^(value\/|returns\/|loss\/value$)/],
  [() => t("Rollouts"), /^rollout\//],
  [() => t("Preferences"), /^dpo\//],
  [() => t("Supervised"), /^(pretrain|sft)\//],
  [() => t("Reward Model"), /^reward\//],
  [() => t("Judging"), /^judge\//],
  [() => t("Machine"), /^(throughput|process|device)\//],
  [() => t("Other"), /^/],
];

/** Metrics that a run is read by first. */
export const PINNED: readonly string[] = ["objective/score", "objective/gold", "objective/kl", "rollout/length"];

/**
 * The curves that the runs have, in the catalogue's order: those that fit a search by path, label or description.
 * Pinned metrics and expressions come first, in a group of their own, as far as the runs have them.
 */
export function groupMetrics(
  outlines: readonly RunOutline[],
  search: string,
  pinned: readonly string[] = [],
): readonly MetricGroup[] {
  const recorded = new Set(outlines.flatMap(({ series }) => Object.values(series).flatMap((of) => Object.keys(of))));
  const names = [...recorded]
    .filter((name) => !isSingleValue(name) && !INTERVAL_ENDS.has(name) && !isPercentile(name))
    .sort((a, b) => placeOf(a) - placeOf(b) || a.localeCompare(b));
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const isWanted = ({ name, label, description }: MetricEntry): boolean => {
    const text = `${name} ${label} ${description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const first = pinned
    .filter((name) => partsOf(name).every((part) => recorded.has(part)))
    .map(describePlot)
    .filter(isWanted);
  const entries = names
    .filter((name) => !pinned.includes(name))
    .map(describePlot)
    .filter(isWanted);
  const grouped = Map.groupBy(entries, ({ name }) => GROUPS.findIndex(([, pattern]) => pattern.test(name)));
  const rest = GROUPS.flatMap(([title], at) => {
    const metrics = grouped.get(at);
    return metrics === undefined ? [] : [{ title: title(), metrics }];
  });
  return first.length === 0 ? rest : [{ title: t("Pinned"), metrics: first }, ...rest];
}

/** The pins with one of them in the place of another. */
export function movedPin(pinned: readonly string[], name: string, to: string): readonly string[] {
  const others = pinned.filter((one) => one !== name);
  return others.toSpliced(pinned.indexOf(to), 0, name);
}

const PLACES = new Map<string, number>(METRICS.map(({ name }, at) => [name, at]));

/** Sort key: a part of a family, such as the KL to one of several references, comes after the whole. */
function placeOf(name: string): number {
  return PLACES.get(name) ?? (PLACES.get(name.slice(0, name.lastIndexOf("/"))) ?? METRICS.length) + 0.5;
}
