import type { RunState, StageState } from "./runState.ts";
import type { RunProgress } from "./service.ts";

/**
 * Estimates how far a run is, by the work of its stages as estimated before it began, and how long the rest will take
 * at the pace of the stages that this run has made itself.
 */
export function runProgress(state: Pick<RunState, "stages" | "status" | "updatedAt">): RunProgress {
  const { stages } = state;
  const running = stages.find(({ status }) => status === "running");
  const nDone = stages.filter(isDone).length;
  const total = sum(stages, ({ work = 1 }) => work);
  const done = sum(stages, (stage) => (stage.work ?? 1) * shareDone(stage));
  // Where all was there from earlier runs, nothing of it is work.
  const share = total > 0 ? done / total : stages.length === 0 ? 0 : nDone / stages.length;
  const fraction = state.status === "finished" ? 1 : share;
  const secondsLeft = state.status === "running" ? secondsLeftOf(state, running) : undefined;
  return {
    stage: running?.id ?? "",
    title: running?.title ?? "",
    step: running?.step ?? 0,
    total: running?.total ?? 0,
    nDone,
    nStages: stages.length,
    fraction,
    ...(secondsLeft !== undefined && { secondsLeft }),
  };
}

/** Seconds that the running stage still takes: by its own estimate, or else at its pace since its first progress. */
export function stageSecondsLeft(stage: StageState, updatedAt: number | undefined): number | undefined {
  if (stage.etaSeconds !== undefined) return stage.etaSeconds;
  const { steps, seconds } = paceOf(stage, updatedAt);
  return steps > 0 ? (seconds / steps) * (stage.total - stage.step) : undefined;
}

/** Time left in the running stage, and in later ones at the pace of all that this run has timed. */
function secondsLeftOf(
  { stages, updatedAt }: Pick<RunState, "stages" | "updatedAt">,
  running: StageState | undefined,
): number | undefined {
  const timed = stages.flatMap(({ status, seconds, work = 0 }) =>
    status === "finished" && seconds !== undefined && work > 0 ? [{ seconds, work }] : [],
  );
  if (running !== undefined) {
    const { steps, seconds } = paceOf(running, updatedAt);
    timed.push({ seconds, work: ((running.work ?? 0) * steps) / Math.max(1, running.total) });
  }
  const pace = sum(timed, ({ seconds }) => seconds) / sum(timed, ({ work }) => work); // seconds a unit
  const waiting = stages.filter(({ status }) => status === "waiting");
  if (waiting.some(({ work }) => work === undefined)) return undefined;
  const after = sum(waiting, ({ work = 0 }) => work);
  const current =
    running && (stageSecondsLeft(running, updatedAt) ?? (running.work ?? 0) * (1 - shareDone(running)) * pace);
  const left = (current ?? 0) + (after === 0 ? 0 : after * pace);
  return Number.isFinite(left) ? left : undefined;
}

/** Steps, and the seconds they took, since a stage's first progress. */
export function paceOf(
  { step, paceFrom }: StageState,
  updatedAt: number | undefined,
): { readonly steps: number; readonly seconds: number } {
  if (paceFrom === undefined || updatedAt === undefined) return { steps: 0, seconds: 0 };
  return { steps: step - paceFrom.step, seconds: (updatedAt - paceFrom.time) / 1000 };
}

/** Times of a run, in seconds. */
export interface WorkTimes {
  /** From its beginning to its last word, without pauses. */
  readonly work: number;
  /** Stopped or cut off, until it was resumed. */
  readonly paused: number;
}

/** How long a run has worked and paused; undefined until it has begun. */
export function workTimes({
  startedAt,
  updatedAt,
  pausedSince,
  pausedSeconds = 0,
}: Pick<RunState, "startedAt" | "updatedAt" | "pausedSince" | "pausedSeconds">): WorkTimes | undefined {
  if (startedAt === undefined || updatedAt === undefined) return undefined;
  return { work: Math.max(0, ((pausedSince ?? updatedAt) - startedAt) / 1000 - pausedSeconds), paused: pausedSeconds };
}

/** How far a stage is, 0 to 1. */
export function shareDone(stage: StageState): number {
  if (isDone(stage)) return 1;
  return stage.total === 0 ? 0 : Math.min(1, stage.step / stage.total);
}

/** True if nothing is left to do of a stage: its artifact is there, made by this run or taken, or it is left out. */
export function isDone({ status }: Pick<StageState, "status">): boolean {
  return status === "finished" || status === "cached" || status === "dropped";
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
