import type { PlannedData } from "./dataCounts.ts";
import { dictionary } from "../common/dictionary.ts";
import type { MemoryByRole } from "../common/memory.ts";
import type { ModelWait } from "./editorModels.ts";
import type { RunEvent, Table } from "./events.ts";
import { kindOfKey, legacyStage } from "./legacyStages.ts";
import { LONGEST_MESSAGE, MOST_ALARMS, MOST_NOTES, MOST_STAGES, MOST_TABLES, MOST_WAITS } from "./limits.ts";
import type { StageInfo } from "./stages.ts";

/**
 * A stage's status. `cached` is taken from an earlier run; `stopped` was cut off, and goes on when its run is resumed;
 * `dropped` is left out by successive halving.
 */
export type StageStatus = "waiting" | "running" | "stopped" | "cached" | "finished" | "failed" | "dropped";

/** The run that made an artifact. */
export interface StageOrigin {
  /** Its id. */
  readonly run: string;
  /** Absent where it is not known, or has been removed. */
  readonly folder?: string | undefined;
}

/** One stage of a run, as derived from the run's events. */
export interface StageState extends StageInfo {
  /** Content address of its result; empty until it starts. */
  key: string;
  status: StageStatus;
  step: number;
  total: number;
  /** Work, estimated, in a unit in which only ratios count; 0 for cached stages; absent if unknown. */
  work?: number | undefined;
  /** Planned when the run began; absent if unknown. */
  memory?: MemoryByRole | undefined;
  etaSeconds?: number | undefined;
  seconds?: number | undefined;
  /** Milliseconds since 1970. */
  startedAt?: number | undefined;
  /** Its price while it is at work, where that is known. */
  pricePerHour?: number | undefined;
  /** Seconds that it was seen at work, in all attempts, without the present one; where it has a price. */
  workedSeconds?: number | undefined;
  /** Of one that was dropped: the rung at which its arm was. */
  droppedAt?: number | undefined;
  /** Of a cached stage, where known. */
  from?: StageOrigin | undefined;
  /** Step and time of its first progress since it started or resumed, from which its own pace is measured. */
  paceFrom?: { readonly step: number; readonly time: number } | undefined;
}

/** One metric of one stage over its steps, in the order in which they were recorded. */
export interface Series {
  readonly steps: number[];
  /** Milliseconds since 1970. */
  readonly times: number[];
  /** null for values that were not finite. */
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

/** A log message of a stage, or of the whole run. */
export interface NoteState {
  readonly stage?: string;
  readonly message: string;
  readonly time: number;
}

/** A run's status. `lost` means that its process died without a word. */
export type RunStatus = "queued" | "running" | "finished" | "stopped" | "failed" | "lost";

/** State of a run, accumulated from its events. Plain data, in which unknown values are absent: it travels as JSON. */
export interface RunState {
  readonly run: string;
  name: string;
  device: string;
  status: RunStatus;
  /** While queued: runs that come before this one, the one at work included. */
  ahead?: number | undefined;
  /** While queued: why, where not for other runs. */
  reason?: string | undefined;
  /** When it first began to compute, in milliseconds since 1970. */
  startedAt?: number | undefined;
  updatedAt?: number | undefined;
  /** Seconds in which it was stopped or cut off, and then waited for its turn again; without the present pause. */
  pausedSeconds?: number | undefined;
  /** While it waits to be resumed: since when nothing was computed. */
  pausedSince?: number | undefined;
  stages: StageState[];
  /** By stage, then by metric path: dictionaries, since these names come from files. */
  metrics: Record<string, Record<string, Series>>;
  alarms: AlarmState[];
  /** The last log messages; absent where there are none. */
  notes?: readonly NoteState[] | undefined;
  tables: Table[];
  /** Records of each source of data that is not used as it is. */
  data?: readonly PlannedData[] | undefined;
  /** Of its stages' prices; absent where none are known. */
  currency?: string | undefined;
  /** While a file comes from the hub. */
  download?: DownloadState | undefined;
  /** Models of the editor's that it waits for. */
  waits?: readonly ModelWait[] | undefined;
  /** The error that ended the run, if one did. */
  failure?: { readonly error: string; readonly message: string; readonly stage: string | null } | undefined;
  /** Events taken in so far: the sequence number of the next one. */
  nextSequence: number;
}

/** A file on its way from the hub. */
export interface DownloadState {
  readonly source: string;
  readonly file: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** How far it was when it was first heard of, and when: milliseconds since 1970. */
  readonly pace?: { readonly fromBytes: number; readonly since: number; readonly at: number } | undefined;
}

/** The state of a run before its first event. */
export function emptyRunState(run: string): RunState {
  return {
    run,
    name: run,
    device: "",
    status: "queued",
    stages: [],
    metrics: dictionary(),
    alarms: [],
    tables: [],
    nextSequence: 0,
  };
}

/** A run's state when no process works on it any more. */
export function withoutOwner(state: RunState): RunState {
  const isOpen = state.status === "running" || state.status === "queued";
  if (!isOpen) return state;
  const stages = state.stages.map((stage): StageState => {
    if (stage.status !== "running") return stage;
    const { etaSeconds: _etaSeconds, ...rest } = stage;
    return { ...rest, status: "stopped" };
  });
  return { ...state, stages, status: "lost" };
}

/** Takes events into a run's state, in place and in their order; see `applyEvent`. */
export function applyEvents(state: RunState, events: Iterable<RunEvent>): void {
  for (const event of events) applyEvent(state, event);
}

/** A record of metrics. */
export type MetricsEvent = Of<"metrics">;

/**
 * Takes one event into a run's state, in place.
 *
 * Events that the state has seen already are passed over, so a snapshot and a stream that overlap give the same state.
 * A stage that was killed and resumed records some steps twice: the later record replaces those from its step on.
 *
 * Values of metrics go into `state.metrics`, unless `keepMetrics` keeps those of each new event elsewhere.
 */
export function applyEvent(
  state: RunState,
  event: RunEvent,
  keepMetrics: (event: MetricsEvent) => void = (metrics) => recordMetrics(state, metrics),
): void {
  if (event.sequence < state.nextSequence) return;
  state.nextSequence = event.sequence + 1;
  // A run that begins again has paused since its last word.
  const isBeginning = event.kind === "runQueued" || event.kind === "runStarted";
  if (isBeginning && state.startedAt !== undefined) state.pausedSince ??= state.updatedAt;
  state.updatedAt = event.time;
  switch (event.kind) {
    case "runQueued":
      leaveQueue(state);
      Object.assign(state, { name: event.name, device: event.device, status: "queued" });
      if (event.ahead !== undefined) state.ahead = event.ahead;
      if (event.reason !== undefined) state.reason = event.reason;
      delete state.failure;
      for (const declared of event.stages ?? []) Object.assign(stageOf(state, declared.id), declared);
      return;
    case "runStarted":
      startRun(state, event);
      return;
    case "stageStarted":
      startStage(opened(state, event.stage), event);
      return;
    case "progress": {
      const stage = opened(state, event.stage);
      Object.assign(stage, { step: event.step, total: event.total });
      stage.paceFrom ??= { step: event.step, time: event.time };
      if (event.etaSeconds === undefined) delete stage.etaSeconds;
      else stage.etaSeconds = event.etaSeconds;
      return;
    }
    case "metrics":
      keepMetrics(event);
      return;
    case "stageFinished":
      finishStage(stageOf(state, event.stage), event);
      return;
    case "stageDropped": {
      const stage = stageOf(state, event.stage);
      stage.status = "dropped";
      if (event.rung !== undefined) stage.droppedAt = event.rung;
      return;
    }
    case "alarm":
      raiseAlarm(state, event);
      return;
    case "note":
      takeNote(state, event);
      return;
    case "download": {
      const { source, file, doneBytes, totalBytes } = event;
      const before = state.download;
      const isSame = before?.source === source && before.file === file && before.doneBytes <= doneBytes;
      const pace = { fromBytes: doneBytes, since: event.time, ...(isSame && before.pace), at: event.time };
      if (doneBytes < totalBytes) state.download = { source, file, doneBytes, totalBytes, pace };
      else delete state.download;
      return;
    }
    case "modelWait":
      waitFor(state, event);
      return;
    case "table": {
      const others = state.tables.filter(({ name }) => name !== event.table.name);
      if (others.length < MOST_TABLES) state.tables = [...others, event.table];
      return;
    }
    case "runFinished":
      endRun(state, event.status);
      return;
    case "runFailed": {
      const { error, message, stage } = event;
      endRun(state, "failed");
      state.failure = { error, message, stage };
      if (stage !== null) stageOf(state, stage).status = "failed";
      return;
    }
  }
}

type Of<K extends RunEvent["kind"]> = Extract<RunEvent, { kind: K }>;

/** A resumed run has stages that were cut off: they wait again. */
function startRun(state: RunState, { name, device, stages, work, memory, data, price, time }: Of<"runStarted">): void {
  Object.assign(state, { name, device, status: "running" });
  state.startedAt ??= time;
  const cutOffAt = state.pausedSince;
  if (state.pausedSince !== undefined) {
    state.pausedSeconds = (state.pausedSeconds ?? 0) + Math.max(0, time - state.pausedSince) / 1000;
    delete state.pausedSince;
  }
  leaveQueue(state);
  delete state.failure;
  delete state.download;
  delete state.waits;
  if (data !== undefined) state.data = data;
  if (price !== undefined) state.currency = price.currency;
  for (const [index, declared] of stages.entries()) {
    const stage =
      typeof declared === "string" ? stageOf(state, declared) : Object.assign(stageOf(state, declared.id), declared);
    const share = work?.[index];
    // A resumed run reports no work for its own earlier results; they still count as part of the whole run.
    if (share !== undefined) stage.work = Math.max(share, stage.work ?? 0);
    const planned = memory?.[index];
    if (planned !== undefined && Object.keys(planned).length > 0) stage.memory = planned;
    addWork(stage, cutOffAt);
    const perHour = price?.perHour[index];
    if (perHour !== undefined) stage.pricePerHour = perHour;
    if (stage.status === "failed" || stage.status === "running" || stage.status === "stopped") stage.status = "waiting";
  }
}

function leaveQueue(state: RunState): void {
  delete state.ahead;
  delete state.reason;
}

function waitFor(state: RunState, { model, reason, time }: Of<"modelWait">): void {
  const others = (state.waits ?? []).filter((wait) => wait.model !== model).slice(0, MOST_WAITS - 1);
  const waits = reason === null ? others : [...others, { model, reason, since: time }];
  if (waits.length > 0) state.waits = waits;
  else delete state.waits;
}

function startStage(stage: StageState, { name, key, cached, from, time }: Of<"stageStarted">): void {
  stage.title ||= name ?? "";
  stage.kind ||= kindOfKey(key);
  // A resumed run finds its own earlier results: they stay finished, with the time they took.
  if (cached && stage.status === "finished" && stage.key === key) return;
  Object.assign(stage, { key, status: cached ? "cached" : "running", startedAt: time });
  if (from === undefined) delete stage.from;
  else stage.from = { run: from };
  delete stage.seconds;
  delete stage.etaSeconds;
  delete stage.paceFrom;
}

/** Adds the time that a priced stage at work was seen there. */
function addWork(stage: StageState, until: number | undefined): void {
  const { status, startedAt, pricePerHour, workedSeconds = 0 } = stage;
  if (status !== "running" || !pricePerHour || startedAt === undefined || until === undefined) return;
  stage.workedSeconds = workedSeconds + Math.max(0, until - startedAt) / 1000;
}

function finishStage(stage: StageState, { seconds, time }: Of<"stageFinished">): void {
  delete stage.etaSeconds;
  delete stage.paceFrom;
  addWork(stage, time);
  if (stage.status === "finished") return;
  if (stage.status !== "cached") stage.status = "finished";
  stage.seconds = seconds;
}

/** Nothing runs in a run that has ended: the stage it was at is stopped until the run goes on. */
function endRun(state: RunState, status: RunStatus): void {
  state.status = status;
  leaveQueue(state);
  delete state.download;
  delete state.waits;
  const open = openStages(state.stages);
  for (const stage of open) {
    delete stage.etaSeconds;
    addWork(stage, state.updatedAt);
    if (stage.status === "running") stage.status = "stopped";
  }
  open.clear();
}

/** Stages that something was heard of since the run last ended: a log may say that it ended on every line. */
const opens = new WeakMap<readonly StageState[], Set<StageState>>();

function openStages(stages: readonly StageState[]): Set<StageState> {
  const known = opens.get(stages);
  if (known !== undefined) return known;
  const open = new Set(stages.filter(({ status, etaSeconds }) => status === "running" || etaSeconds !== undefined));
  opens.set(stages, open);
  return open;
}

/** The state of a stage that is about to run, or does. */
function opened(state: RunState, id: string): StageState {
  const stage = stageOf(state, id);
  if (indexOf(state.stages).get(id) === stage) openStages(state.stages).add(stage);
  return stage;
}

/** The state of a stage, which is new if nothing named it before; beyond the most that are kept, it goes nowhere. */
function stageOf(state: RunState, id: string): StageState {
  const index = indexOf(state.stages);
  const known = index.get(id);
  if (known !== undefined) return known;
  const stage: StageState = { ...legacyStage(id), key: "", status: "waiting", step: 0, total: 0 };
  if (index.size >= MOST_STAGES) return stage;
  state.stages.push(stage);
  index.set(id, stage);
  return stage;
}

/** True if events of one more stage are taken in. */
export function takesStage({ stages }: Pick<RunState, "stages">, id: string): boolean {
  const index = indexOf(stages);
  return index.size < MOST_STAGES || index.has(id);
}

/** Stages by id, so that an event costs the same however many stages there are. */
const indices = new WeakMap<readonly StageState[], Map<string, StageState>>();

function indexOf(stages: readonly StageState[]): Map<string, StageState> {
  const known = indices.get(stages);
  if (known !== undefined) return known;
  // Of stages with one id, which only a damaged log has, the first counts.
  const byId = new Map(stages.toReversed().map((stage) => [stage.id, stage]));
  indices.set(stages, byId);
  return byId;
}

/** Alarms of a list by their keys, for lists that have been looked through. */
const raised = new WeakMap<readonly AlarmState[], Map<string, AlarmState>>();

/** A resumed stage raises some alarms twice: the later one counts. */
function raiseAlarm(state: RunState, { stage, step, name, message, time }: Of<"alarm">): void {
  const { alarms } = state;
  const keyOf = (one: Pick<AlarmState, "stage" | "step" | "name">): string =>
    [one.stage, one.step, one.name].join("\n");
  const known = raised.get(alarms) ?? new Map(alarms.map((one) => [keyOf(one), one]));
  const alarm: AlarmState = { stage, step, name, message, time };
  const key = keyOf(alarm);
  const before = known.get(key);
  if (before === undefined && alarms.length >= MOST_ALARMS) return;
  // Looked for by its identity: keys of all alarms for each one would take a log of some megabytes minutes.
  const others = before === undefined ? [...alarms] : alarms.toSpliced(alarms.indexOf(before), 1);
  others.push(alarm);
  state.alarms = others;
  raised.set(others, known.set(key, alarm));
}

/** Twice as many as are kept are let come, so that not every one has all others copied. */
function takeNote(state: RunState, { stage, message, time }: Of<"note">): void {
  const { notes = [] } = state;
  const kept = notes.length < 2 * MOST_NOTES ? notes : notes.slice(-MOST_NOTES);
  state.notes = [...kept, { ...(stage !== undefined && { stage }), message: message.slice(0, LONGEST_MESSAGE), time }];
}

/** A resumed stage records some steps twice: those from the later record's step on are replaced. */
function recordMetrics(state: RunState, { stage, step, time, values }: MetricsEvent): void {
  const ofStage = (state.metrics[stage] ??= dictionary());
  for (const [path, value] of Object.entries(values)) {
    const series = (ofStage[path] ??= { steps: [], times: [], values: [] });
    const { steps, times } = series;
    while (steps.length > 0 && (steps.at(-1) ?? step) >= step) {
      for (const column of [steps, times, series.values]) column.pop();
    }
    steps.push(step);
    times.push(time);
    series.values.push(value);
  }
}
