import type { RunConfig } from "../../engine/config/index.ts";
import type { MetricEntry } from "../../engine/protocol/catalogue.ts";
import { t } from "../localize.ts";

/** Metrics that are measured against an arm's reference. */
const AGAINST: ReadonlySet<string> = new Set(["objective/kl"]);

/** Titles of a metric with the references that it is measured against: "KL to soup", "KL to reference (ppo: sft-1; salsa: soup)". */
export function withReferences(entry: MetricEntry, configs: readonly Pick<RunConfig, "arms">[]): MetricEntry {
  if (!AGAINST.has(entry.name)) return entry;
  const byArm = new Map(
    configs.flatMap(({ arms }) =>
      Object.entries(arms).map(([arm, { reference }]) => [arm, reference.join(" + ")] as const),
    ),
  );
  const names = new Set(byArm.values());
  const [only] = names;
  if (only === undefined) return entry;
  if (names.size === 1) return { ...entry, label: t("KL to {0}", only) };
  const each = [...byArm].map(([arm, reference]) => `${arm}: ${reference}`).join("; ");
  return { ...entry, label: `${entry.label} (${each})` };
}
