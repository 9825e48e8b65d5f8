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
    for (const folder of folders) this.known.delete(folder);
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
    // An alarm that lasts over many steps is reported once.
    const key = JSON.stringify([folder, alarm.stage, alarm.name]);
    if (this.alarms.has(key)) return [];
    this.alarms.add(key);
    const isNew = before === undefined ? createdAt >= this.since : before.nAlarms < run.nAlarms;
    return isNew && isActive(run) ? [{ kind: "alarm", run }] : [];
  }
}

/** Which news a setting of `salsa.notifications` lets through. */
export function isWanted({ kind }: News, setting: string): boolean {
  if (setting === "none") return false;
  return setting === "failures" ? kind === "failed" || kind === "lost" : true;
}

/** User-facing text of the news. */
export function newsText({ kind, run }: News): string {
  const { id, result, failure, alarm } = run;
  switch (kind) {
    case "finished":
      return result === undefined ? t("{0} has finished.", id) : t("{0} has finished: {1}.", id, resultText(result));
    case "stopped":
      return t("{0} was stopped. It can resume from there.", id);
    case "failed":
      return failure === undefined ? t("{0} has failed.", id) : t("{0} has failed: {1}", id, failure.message);
    case "lost":
      return t(
        "{0} was cut off: its engine died without an error message. It can resume from its last checkpoint.",
        id,
      );
    case "alarm":
      return alarm === undefined
        ? ""
        : t("{0}, stage {1}, step {2}: {3}", id, alarm.stage, alarm.step, translatedSeen(alarm, fromCatalogue));
  }
}
