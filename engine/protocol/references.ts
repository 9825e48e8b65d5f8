import { type Translate, inEnglish } from "../common/format.ts";
import { type MetricEntry, referenceKl, describeMetric } from "./catalogue.ts";

/** Metrics that are measured against an arm's reference. */
const AGAINST: ReadonlySet<string> = new Set(["objective/kl"]);

/** The part of a config that names the references of its arms. */
export interface ReferredArms {
  readonly arms: Readonly<Record<string, { readonly reference: readonly string[] }>>;
}

/** Titles of a metric with the references that it is measured against: "KL to soup", "KL to reference (ppo: sft-1; salsa: soup)". */
export function withReferences(
  entry: MetricEntry,
  configs: readonly ReferredArms[],
  translate: Translate = inEnglish,
): MetricEntry {
  if (!AGAINST.has(entry.name)) return entry;
  const byArm = new Map<string, Set<string>>();
  for (const { arms } of configs) {
    for (const [arm, { reference }] of Object.entries(arms)) {
      byArm.set(arm, (byArm.get(arm) ?? new Set()).add(reference.join(" + ")));
    }
  }
  const names = new Set([...byArm.values()].flatMap((own) => [...own]));
  const [only] = names;
  if (only === undefined) return entry;
  if (names.size === 1) return { ...entry, label: describeMetric(referenceKl(only), translate).label };
  // An arm of several runs may have a reference in each of them, in the order of the runs.
  const each = [...byArm].map(([arm, own]) => `${arm}: ${[...own].join(" / ")}`).join("; ");
  return { ...entry, label: `${entry.label} (${each})` };
}
