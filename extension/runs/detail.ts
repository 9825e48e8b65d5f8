import type { RunConfig } from "../../engine/config/index.ts";
import type { RunEvent } from "../../engine/protocol/events.ts";
import { type RunState, type StageState, applyEvent } from "../../engine/protocol/runState.ts";
import type { PackedSeries, RunOutline } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { durationText, percentText } from "./labels.ts";
import { lastValue } from "./series.ts";

/** Metrics that an arm's line shows. */
export const ARM_METRICS = ["objective/score", "objective/kl"] as const;

/** Newest values of a stage's metrics, by path. */
type Latest = Readonly<Record<string, number | undefined>>;

/** A run's stages as they go on, without its curves: of each metric, only the newest value is kept. */
export class RunDetail {
  private state: RunState;
  private readonly latest = new Map<string, Latest>();

  constructor(outline: RunOutline) {
    this.state = { ...outline, metrics: {} };
  }

  get stages(): readonly StageState[] {
    return this.state.stages;
  }

  /** Newest values of a stage's metrics. */
  valuesOf(stage: string): Latest {
    return this.latest.get(stage) ?? {};
  }

  /** Takes in the ends of curves as they were recorded so far. */
  takeSeries(series: readonly PackedSeries[]): void {
    for (const one of series) this.note(one.stage, { [one.metric]: lastValue(one), ...this.valuesOf(one.stage) });
  }

  /** Takes in events in their order; those seen already are passed over. */
  apply(events: readonly RunEvent[]): void {
    for (const event of events) {
      if (event.sequence < this.state.nextSequence) continue;
      if (event.kind !== "metrics") {
        applyEvent(this.state, event);
        continue;
      }
      this.state.nextSequence = event.sequence + 1;
      const shown = ARM_METRICS.flatMap((name) => {
        const value = event.values[name];
        return value === undefined || value === null ? [] : [[name, value] as const];
      });
      this.note(event.stage, { ...this.valuesOf(event.stage), ...Object.fromEntries(shown) });
    }
  }

  /** Begins anew from an outline, keeping values. */
  reset(outline: RunOutline): void {
    this.state = { ...outline, metrics: {} };
  }

  private note(stage: string, values: Latest): void {
    this.latest.set(stage, values);
  }
}

/** An arm as a run's config gives it. */
export interface ArmLine {
  readonly name: string;
  /** Models that the reference is mixed from, or the only one. */
  readonly reference: readonly string[];
  readonly betas: readonly number[];
  /** Stages that train it, one a seed. */
  readonly stages: readonly string[];
}

/** The arms of a run, in the order in which the config names them. */
export function armsOf({ arms }: Pick<RunConfig, "arms">, stages: readonly string[]): readonly ArmLine[] {
  return Object.entries(arms).map(([name, { reference, betas }]) => ({
    name,
    reference,
    betas,
    stages: stages.filter((stage) => isStageOf(stage, name)),
  }));
}

/** "salsa", or "seed-2/salsa" in runs of several seeds; candidates for β have names of their own, and no say here. */
function isStageOf(stage: string, arm: string): boolean {
  return stage.replace(/^seed-\d+\//, "") === arm;
}

/** "ref soup · β 0.2 · score 1.59 · KL 1.16" */
export function armDescription({ reference, betas, stages }: ArmLine, detail: RunDetail): string {
  const values = stages.map((stage) => detail.valuesOf(stage));
  const score = mean(values.map((one) => one["objective/score"]));
  const kl = mean(values.map((one) => one["objective/kl"]));
  return [
    t("ref {0}", reference.join(" + ")),
    `β ${betas.join(", ")}`,
    score === undefined ? "" : t("score {0}", score.toFixed(2)),
    kl === undefined ? "" : t("KL {0}", kl.toFixed(2)),
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

function mean(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** What a stage's line says after its name. */
export function stageDescription({ status, title, step, total, seconds, etaSeconds }: StageState): string {
  const parts = [title];
  if (status === "cached") parts.push(t("from an earlier run"));
  if (status === "failed") parts.push(t("failed"));
  if (status === "running" && total > 0) parts.push(percentText(step / total));
  if (status === "running" && etaSeconds !== undefined) parts.push(t("{0} left", durationText(etaSeconds)));
  if (status === "finished" && seconds !== undefined) parts.push(durationText(seconds));
  return parts.filter((part) => part !== "").join(" · ");
}
