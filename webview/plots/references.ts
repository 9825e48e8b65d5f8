import type { RunConfig } from "../../engine/config/index.ts";
import type { MetricEntry } from "../../engine/protocol/catalogue.ts";
import { t } from "../localize.ts";
import type { DashboardModel } from "../model.ts";

/** Metrics that are measured against an arm's reference. */
const AGAINST: ReadonlySet<string> = new Set(["objective/kl"]);

/** Configs of the runs in focus, but for those that cannot be read. */
export async function configsOf({ host, focus }: DashboardModel): Promise<readonly RunConfig[]> {
  const read = async (folder: string): Promise<readonly RunConfig[]> =>
    host.request("provenance", { folder }).then(
      ({ config }) => [config],
      () => [],
    );
  return (await Promise.all(focus.runs.map(read))).flat();
}

/** Titles of a metric with the references that it is measured against: "KL to soup", "KL to reference (ppo: sft-1; salsa: soup)". */
export function withReferences(entry: MetricEntry, configs: readonly Pick<RunConfig, "arms">[]): MetricEntry {
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
  if (names.size === 1) return { ...entry, label: t("KL to {0}", only) };
  // An arm of several runs may have a reference in each of them, in the order of the runs.
  const each = [...byArm].map(([arm, own]) => `${arm}: ${[...own].join(" / ")}`).join("; ");
  return { ...entry, label: `${entry.label} (${each})` };
}
