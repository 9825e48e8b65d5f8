import { label } from "../label.ts";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { percentText, queuedText, resultText, statusText } from "../runs/labels.ts";
import { isResumable } from "../runs/states.ts";
import { formatAgo } from "./format.ts";

/** Current time and locale for descriptions of runs. */
export interface Telling {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** "en", "pt-br". */
  readonly locale: string;
}

/** A run in a quick pick: its name, state, time and result. */
export interface RunItem {
  readonly label: string;
  readonly description: string;
  readonly run: RunSummary;
}

/** Quick-pick items of runs; those that share an id are distinguished by their config. */
export function runItems(runs: readonly RunSummary[], telling: Telling): RunItem[] {
  const counts = new Map<string, number>();
  for (const { id } of runs) counts.set(id, (counts.get(id) ?? 0) + 1);
  return runs.map((run) => ({
    label: label((counts.get(run.id) ?? 0) > 1 ? `${run.id} (${run.configFile})` : run.id),
    description: label(runText(run, telling)),
    run,
  }));
}

/** How a run stands, when that was, and its result, in one line. */
export function runText(run: RunSummary, telling: Telling): string {
  const since = run.updatedAt ?? run.startedAt ?? run.createdAt;
  const result = run.result === undefined ? [] : [resultText(run.result)];
  return [standing(run), formatAgo(since, telling), ...result].join(" · ");
}

/** How a run stands: "running, 42 %". */
function standing(run: RunSummary): string {
  const { status, progress } = run;
  if (status === "finished") return statusText(status);
  if (status === "queued") return queuedText(run);
  return `${statusText(status)}, ${percentText(progress.fraction)}`;
}

/** True if a run can continue: it was stopped, was cut off, or failed. */
export function canGoOn(run: RunSummary): boolean {
  return isResumable(run) || run.status === "failed";
}
