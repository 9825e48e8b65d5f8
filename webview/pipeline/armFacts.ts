import { lastTenthMean } from "../../engine/figures/index.ts";
import { trainsArm } from "../../engine/protocol/armStages.ts";
import { describeMetric } from "../../engine/protocol/catalogue.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import { html, type TemplateResult } from "lit";
import { fromCatalogue, t } from "../localize.ts";
import type { Curve } from "../model.ts";
import { short } from "../parts/format.ts";
import type { PipelineNode } from "./graph.ts";

/** Metrics that an arm is judged by, with short names for them. */
const JUDGED: readonly (readonly [metric: string, label: () => string])[] = [
  ["objective/score", () => t("score")],
  ["objective/kl", () => t("KL")],
  ["rollout/length", () => t("tokens")],
];

/** A number of an arm at its end, or so far. */
export interface ArmFact {
  readonly label: string;
  /** For the tooltip: the metric's full name. */
  readonly title: string;
  /** Mean over the last tenth of the iterations; NaN while its curve is being read. */
  readonly value: number;
}

/** The training that became an arm: the chosen candidate's where β was searched for; undefined while that is open. */
export function trainingOf({ kind, stages, candidates }: PipelineNode, chosen: number | undefined): string | undefined {
  if (kind !== "arm") return undefined;
  const of = candidates.length === 0 ? stages : (candidates.find(({ beta }) => beta === chosen)?.stages ?? []);
  return of.find(trainsArm)?.id;
}

/** An arm by score, KL and length, as far as its training records them. */
export function armFacts(
  stage: string | undefined,
  { series }: Pick<RunOutline, "series">,
  curveOf: (key: { readonly stage: string; readonly metric: string }) => Curve | undefined,
): readonly ArmFact[] {
  if (stage === undefined) return [];
  return JUDGED.filter(([metric]) => series[stage]?.[metric] !== undefined).map(([metric, label]) => {
    const value = lastTenthMean(curveOf({ stage, metric })?.values ?? []);
    return { label: label(), title: describeMetric(metric, fromCatalogue).label, value };
  });
}

/** The facts side by side. */
export function factRow(facts: readonly ArmFact[]): TemplateResult {
  return html`<span class="facts">
    ${facts.map(
      ({ label, title, value }) =>
        html`<span title=${t("{0}: {1}, mean over the last tenth of the iterations", title, short(value))}
          ><span class="muted">${label} </span><b>${short(value)}</b></span
        >`,
    )}
  </span>`;
}
