import type { RunState, StageState } from "./runState.ts";
import type { RunProgress } from "./service.ts";

/**
 * How far a run is, by the work that its stages were reckoned at before it began, and how long the rest will take at
 * the pace of what this run has made itself.
 */
export function runProgress(state: Pick<RunState, "stages" | "status">): RunProgress {
  const { stages } = state;
  const running = stages.find(({ status }) => status === "running");
  const nDone = stages.filter(isDone).length;
  const total = sum(stages, ({ work = 1 }) => work);
  const done = sum(stages, (stage) => (stage.work ?? 1) * shareDone(stage));
  const fraction = state.status === "finished" ? 1 : total === 0 ? 0 : done / total;
  const secondsLeft = state.status === "running" ? secondsLeftOf(stages, running) : undefined;
  return {
    stage: running?.name ?? "",
    title: running?.title ?? "",
    step: running?.step ?? 0,
    total: running?.total ?? 0,
    nDone,
    nStages: stages.length,
    fraction,
    ...(secondsLeft !== undefined && { secondsLeft }),
  };
}

/** What remains of the running stage by its own reckoning, and of later ones at the pace of those that were made. */
function secondsLeftOf(stages: readonly StageState[], running: StageState | undefined): number | undefined {
  const timed = stages.filter(
    ({ status, seconds, work = 0 }) => status === "finished" && seconds !== undefined && work > 0,
  );
  const pace = sum(timed, ({ seconds = 0 }) => seconds) / sum(timed, ({ work = 0 }) => work); // seconds a unit
  const waiting = sum(
    stages.filter(({ status }) => status === "waiting"),
    ({ work = 0 }) => work,
  );
  const current = running && (running.etaSeconds ?? (running.work ?? 0) * (1 - shareDone(running)) * pace);
  const left = (current ?? 0) + (waiting === 0 ? 0 : waiting * pace);
  return Number.isFinite(left) ? left : undefined;
}

function shareDone(stage: StageState): number {
  if (isDone(stage)) return 1;
  return stage.total === 0 ? 0 : Math.min(1, stage.step / stage.total);
}

function isDone({ status }: StageState): boolean {
  return status === "finished" || status === "made";
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
