import type { RunEvent, Table } from "./events.ts";

/** Where a stage stands. `made` is taken from an earlier run. */
export type StageStatus = "waiting" | "running" | "made" | "finished" | "failed";

/** One stage of a run as its events tell it. */
export interface StageState {
  /** Unique within the run: "sft-1", "seed-2/salsa". */
  readonly name: string;
  /** Kind of work, for people: "Supervised fine-tuning"; empty until it starts. */
  title: string;
  /** Content address of what it makes; empty until it starts. */
  key: string;
  status: StageStatus;
  step: number;
  total: number;
  etaSeconds: number | undefined;
  seconds: number | undefined;
  /** Milliseconds since 1970. */
  startedAt: number | undefined;
}

/** One metric of one stage over its steps, in the order in which they were recorded. */
export interface Series {
  readonly steps: number[];
  /** Milliseconds since 1970. */
  readonly times: number[];
  /** null for what was not finite. */
  readonly values: (number | null)[];
}

/** Something that was noticed in the metrics. */
export interface AlarmState {
  readonly stage: string;
  readonly step: number;
  readonly name: string;
  readonly message: string;
  readonly time: number;
}

/** Whether a run works, and how it ended. `lost` means that its process died without a word. */
export type RunStatus = "queued" | "running" | "finished" | "stopped" | "failed" | "lost";

/** Everything that a run's events add up to. Plain data: it travels as JSON. */
export interface RunState {
  readonly run: string;
  name: string;
  device: string;
  status: RunStatus;
  startedAt: number | undefined;
  updatedAt: number | undefined;
  stages: StageState[];
  /** By stage, then by metric path. */
  metrics: Record<string, Record<string, Series>>;
  alarms: AlarmState[];
  tables: Table[];
  /** What ended the run, if something did. */
  failure: { readonly error: string; readonly message: string; readonly stage: string | null } | undefined;
  /** Events taken in so far: the sequence number of the next one. */
  nextSequence: number;
}

/** The state of a run before its first event. */
export function emptyRunState(run: string): RunState {
  return {
    run,
    name: run,
    device: "",
    status: "queued",
    startedAt: undefined,
    updatedAt: undefined,
    stages: [],
    metrics: {},
    alarms: [],
    tables: [],
    failure: undefined,
    nextSequence: 0,
  };
}

/**
 * Takes one event into a run's state, in place.
 *
 * Events that the state has seen already are passed over, so a snapshot and a stream that overlap give the same state.
 * A stage that was killed and resumed records some steps twice: the later record replaces those from its step on.
 */
export function applyEvent(state: RunState, event: RunEvent): void {
  if (event.sequence < state.nextSequence) return;
  state.nextSequence = event.sequence + 1;
  state.updatedAt = event.time;
  switch (event.kind) {
    case "runStarted":
      Object.assign(state, { name: event.name, device: event.device, status: "running", failure: undefined });
      state.startedAt ??= event.time;
      for (const name of event.stages) stageOf(state, name);
      return;
    case "stageStarted": {
      const stage = stageOf(state, event.stage);
      const status: StageStatus = event.cached ? "made" : "running";
      Object.assign(stage, { title: event.name, key: event.key, status, startedAt: event.time });
      return;
    }
    case "progress":
      Object.assign(stageOf(state, event.stage), {
        step: event.step,
        total: event.total,
        etaSeconds: event.etaSeconds,
      });
      return;
    case "metrics":
      for (const [path, value] of Object.entries(event.values)) record(state, event, path, value);
      return;
    case "stageFinished": {
      const stage = stageOf(state, event.stage);
      if (stage.status !== "made") stage.status = "finished";
      Object.assign(stage, { seconds: event.seconds, etaSeconds: undefined });
      return;
    }
    case "alarm": {
      const { stage, step, name, message, time } = event;
      state.alarms.push({ stage, step, name, message, time });
      return;
    }
    case "table":
      state.tables = [...state.tables.filter(({ name }) => name !== event.table.name), event.table];
      return;
    case "runFinished":
      state.status = event.status;
      return;
    case "runFailed": {
      const { error, message, stage } = event;
      Object.assign(state, { status: "failed", failure: { error, message, stage } });
      if (stage !== null) stageOf(state, stage).status = "failed";
      return;
    }
    case "sample":
      return;
  }
}

function stageOf(state: RunState, name: string): StageState {
  const known = state.stages.find((stage) => stage.name === name);
  if (known !== undefined) return known;
  const stage: StageState = {
    name,
    title: "",
    key: "",
    status: "waiting",
    step: 0,
    total: 0,
    etaSeconds: undefined,
    seconds: undefined,
    startedAt: undefined,
  };
  state.stages.push(stage);
  return stage;
}

function record(
  state: RunState,
  { stage, step, time }: Extract<RunEvent, { kind: "metrics" }>,
  path: string,
  value: number | null,
): void {
  const series = ((state.metrics[stage] ??= {})[path] ??= { steps: [], times: [], values: [] });
  while ((series.steps.at(-1) ?? -1) >= step) for (const column of [series.steps, series.times, series.values]) column.pop();
  series.steps.push(step);
  series.times.push(time);
  series.values.push(value);
}
