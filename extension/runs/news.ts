import { translatedSeen } from "../../engine/protocol/alarmTexts.ts";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { fromCatalogue, t } from "../localize.ts";
import { resultText } from "./labels.ts";
import { isActive } from "./states.ts";

/** An event of a run that is worth a notification. */
export interface News {
  readonly kind: "finished" | "stopped" | "failed" | "lost" | "alarm";
  readonly run: RunSummary;
}

/** Alarms about ordinary events. */
const QUIET_ALARMS: readonly string[] = ["waiting", "skippedMinibatch"];

/** Watches runs for news. */
export class Newsdesk {
  private readonly since: number;
  private readonly known = new Map<string, RunSummary>();
  /** Folders of runs that have raised an alarm. */
  private readonly alarms = new Set<string>();

  /** @param since - Runs made after this time are news even if they end before they are first seen; ms since 1970. */
  constructor(since: number) {
    this.since = since;
  }

  /** News about runs that have changed. */
  take(changed: readonly RunSummary[]): readonly News[] {
    return changed.flatMap((run) => {
      const before = this.known.get(run.folder);
      this.known.set(run.folder, run);
      return [...this.ending(run, before), ...this.alarm(run, before)];
    });
  }

  forget(folders: readonly string[]): void {
    for (const folder of folders) {
      this.known.delete(folder);
      this.alarms.delete(folder);
    }
  }

  private ending(run: RunSummary, before: RunSummary | undefined): readonly News[] {
    const { status } = run;
    if (status === "queued" || status === "running") return [];
    const hasEnded = before === undefined ? run.createdAt >= this.since : isActive(before);
    return hasEnded ? [{ kind: status, run }] : [];
  }

  private alarm(run: RunSummary, before: RunSummary | undefined): readonly News[] {
    const { alarm, folder, createdAt } = run;
    if (alarm === undefined || QUIET_ALARMS.includes(alarm.name)) return [];
    // A run that raises one alarm often raises more: one message a run, and its end counts them all.
    if (this.alarms.has(folder)) return [];
    this.alarms.add(folder);
    const isNew = before === undefined ? createdAt >= this.since : before.nAlarms < run.nAlarms;
    return isNew && isActive(run) ? [{ kind: "alarm", run }] : [];
  }
}

/** Which news a setting of `salsa.notifications` lets through. */
export function isWanted({ kind }: News, setting: string): boolean {
  if (setting === "none") return false;
  return setting === "failures" ? kind === "failed" || kind === "lost" : true;
}

/** User-facing text of the news. @param id - Title of the run among all runs. */
export function newsText({ kind, run }: News, id = run.id): string {
  const { failure } = run;
  switch (kind) {
    case "finished":
      return [finishedText(run, id), alarmsText(run)].filter((part) => part !== "").join(" ");
    case "stopped":
      return [t("{0} was stopped. It can resume from there.", id), alarmsText(run)]
        .filter((part) => part !== "")
        .join(" ");
    case "failed":
      return failure === undefined ? t("{0} has failed.", id) : t("{0} has failed: {1}", id, failure.message);
    case "lost":
      return t(
        "{0} was cut off: its engine died without an error message. It can resume from its last checkpoint.",
        id,
      );
    case "alarm":
      return raisedText(run, id);
  }
}

function finishedText({ result }: RunSummary, id: string): string {
  return result === undefined ? t("{0} has finished.", id) : t("{0} has finished: {1}.", id, resultText(result));
}

function alarmsText({ nAlarms }: RunSummary): string {
  if (nAlarms === 0) return "";
  return nAlarms === 1 ? t("It raised an alarm.") : t("It raised {0} alarms.", nAlarms);
}

function raisedText({ alarm, nAlarms }: RunSummary, id: string): string {
  if (alarm === undefined) return "";
  const { stage, step } = alarm;
  const seen = translatedSeen(alarm, fromCatalogue);
  return nAlarms === 1
    ? t("{0}, stage {1}, step {2}: {3}", id, stage, step, seen)
    : t("{0} has raised {1} alarms, the last in stage {2} at step {3}: {4}", id, nAlarms, stage, step, seen);
}
