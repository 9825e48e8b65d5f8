import { dictionary } from "../../engine/common/dictionary.ts";
import type { RunEvent } from "../../engine/protocol/events.ts";
import { type MetricsEvent, type RunState, type StageState, applyEvent } from "../../engine/protocol/runState.ts";
import type { PackedSeries, RunOutline } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { type Latest, isShown } from "./arms.ts";
import { durationText, percentText } from "./labels.ts";
import { lastValue } from "./series.ts";

/** A run's stages, kept up to date, without its curves: only the newest value of each metric is kept. */
export class RunDetail {
  private state: RunState;
  private readonly latest = new Map<string, Latest>();

  constructor(outline: RunOutline) {
    this.state = { ...outline, metrics: dictionary() };
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
    for (const one of series) {
      this.latest.set(one.stage, { [one.metric]: lastValue(one), ...this.valuesOf(one.stage) });
    }
  }

  /** Takes in events in their order; those seen already are passed over. */
  apply(events: readonly RunEvent[]): void {
    for (const event of events) applyEvent(this.state, event, this.keepMetrics);
  }

  /** Begins again from an outline, keeping values. */
  reset(outline: RunOutline): void {
    this.state = { ...outline, metrics: dictionary() };
  }

  private readonly keepMetrics = ({ stage, values }: MetricsEvent): void => {
    const shown = Object.entries(values).filter(([name, value]) => isShown(name) && value !== null);
    if (shown.length === 0) return;
    this.latest.set(stage, { ...this.valuesOf(stage), ...(Object.fromEntries(shown) as Latest) });
  };
}

/** Description that follows the name on a stage's line. */
export function stageDescription({
  status,
  title,
  step,
  total,
  seconds,
  etaSeconds,
  from,
  droppedAt,
}: StageState): string {
  const parts = [title];
  if (status === "cached") parts.push(from === undefined ? t("from an earlier run") : t("from {0}", from.run));
  if (status === "failed") parts.push(t("failed"));
  if (status === "dropped") parts.push(droppedAt === undefined ? t("dropped") : t("dropped at rung {0}", droppedAt));
  if (status === "stopped") parts.push(total > 0 ? t("stopped at {0}", percentText(step / total)) : t("stopped"));
  if (status === "running" && total > 0) parts.push(percentText(step / total));
  if (status === "running" && etaSeconds !== undefined) parts.push(t("{0} left", durationText(etaSeconds)));
  if (status === "finished" && seconds !== undefined) parts.push(durationText(seconds));
  return parts.filter((part) => part !== "").join(" · ");
}
