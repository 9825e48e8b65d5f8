import type { RunEvent } from "../protocol/events.ts";

type Of<K extends RunEvent["kind"]> = Extract<RunEvent, { kind: K }>;

/** Where a whole run stands. */
export interface RunClock {
  note(event: RunEvent): void;
  /** "12/44", counted from 1; empty while it is not known. */
  position(stage: string): string;
  /** Seconds that the stages after the running one will take, at the pace so far; undefined while it is not known. */
  secondsAfter(progress: Of<"progress">): number | undefined;
}

/**
 * Reckons how long the rest of a run takes: each stage's work is estimated before the run, and what a unit of it takes
 * is measured as the run goes.
 */
export function runClock(): RunClock {
  let stages: readonly string[] = [];
  let work: readonly number[] = [];
  let done = { seconds: 0, work: 0 };
  let first: { readonly time: number; readonly step: number } | undefined;
  let current: { readonly stage: string; readonly cached: boolean } | undefined;
  const workOf = (stage: string): number => work[stages.indexOf(stage)] ?? 0;
  const note = (event: RunEvent): void => {
    if (event.kind === "runStarted") ({ stages, work = [] } = event);
    if (event.kind === "stageStarted") {
      current = event;
      first = undefined;
    }
    if (event.kind === "progress") first ??= { time: event.time, step: event.step };
    if (event.kind === "stageFinished" && current?.stage === event.stage && !current.cached) {
      done = { seconds: done.seconds + event.seconds, work: done.work + workOf(event.stage) };
    }
  };
  const position = (stage: string): string => {
    const index = stages.indexOf(stage);
    return index < 0 ? "" : `${index + 1}/${stages.length}`;
  };
  const secondsAfter = ({ stage, step, total, time }: Of<"progress">): number | undefined => {
    const index = stages.indexOf(stage);
    if (index < 0 || work.length !== stages.length || first === undefined) return undefined;
    const worked = done.work + (workOf(stage) * (step - first.step)) / Math.max(1, total);
    const seconds = done.seconds + (time - first.time) / 1000;
    const after = work.slice(index + 1).reduce((sum, one) => sum + one, 0);
    return worked > 0 && seconds > 0 ? (after * seconds) / worked : undefined;
  };
  return { note, position, secondsAfter };
}
