import { translatedSeen } from "../../engine/protocol/alarmTexts.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import { stageNames } from "../../engine/protocol/stageName.ts";
import { fromCatalogue, t } from "../localize.ts";
import { originText } from "../parts/origin.ts";
import { duration } from "../shell/time.ts";

/** Something that happened in a run. */
export interface LogEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Name of the stage; empty for a message on the whole run. */
  readonly stage: string;
  readonly text: string;
  readonly isAlarm: boolean;
  /** Of an alarm. */
  readonly step?: number;
}

/** Everything that a run has said so far, the newest first: messages, alarms, and when its stages began and ended. */
export function logEntries({
  stages,
  alarms,
  notes = [],
}: Pick<RunOutline, "stages" | "alarms" | "notes">): readonly LogEntry[] {
  const nameOf = stageNames(stages, fromCatalogue);
  const entries: LogEntry[] = [
    ...notes.map(({ time, stage, message }) => {
      return { time, stage: stage === undefined ? "" : nameOf(stage), text: message, isAlarm: false };
    }),
    ...alarms.map((alarm) => ({
      time: alarm.time,
      stage: nameOf(alarm.stage),
      text: translatedSeen(alarm, fromCatalogue),
      isAlarm: true,
      step: alarm.step,
    })),
    ...stages.flatMap((stage): readonly LogEntry[] => {
      const { id, startedAt, seconds, status } = stage;
      if (startedAt === undefined) return [];
      const about = { stage: nameOf(id), isAlarm: false };
      if (status === "cached") return [{ ...about, time: startedAt, text: originText([stage]) || t("cached") }];
      const started = { ...about, time: startedAt, text: t("started") };
      if (seconds === undefined) return [started];
      return [started, { ...about, time: startedAt + seconds * 1000, text: t("finished in {0}", duration(seconds)) }];
    }),
  ];
  return entries.sort((a, b) => b.time - a.time);
}

/** Entries that have all words of a search, in any letters. */
export function matchingEntries(entries: readonly LogEntry[], search: string): readonly LogEntry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter(({ stage, text }) => {
    const where = `${stage}\n${text}`.toLowerCase();
    return words.every((word) => where.includes(word));
  });
}
