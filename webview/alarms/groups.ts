import { type AlarmEntry, kindsOf, stalledAlarm } from "../../engine/protocol/alarms.ts";
import { translatedAlarm } from "../../engine/protocol/alarmTexts.ts";
import type { AlarmState, RunState } from "../../engine/protocol/runState.ts";
import { fromCatalogue } from "../localize.ts";

/** Alarms of a kind, newest first. */
export interface AlarmGroup {
  readonly entry: AlarmEntry;
  readonly alarms: readonly AlarmState[];
}

/** All alarms of a run by kind, the kind with the newest first; a stall is detected here, from the time `now`. */
export function alarmGroups(
  run: Pick<RunState, "status" | "stages" | "alarms" | "updatedAt">,
  now: number,
): readonly AlarmGroup[] {
  const stalled = stalledAlarm(run, now);
  const all = (stalled === undefined ? run.alarms : [...run.alarms, stalled]).toSorted((a, b) => b.time - a.time);
  return [...Map.groupBy(all, ({ name }) => name)].map(([name, alarms]) => ({
    entry: translatedAlarm(name, fromCatalogue, kindsOf(alarms, run.stages)),
    alarms,
  }));
}
