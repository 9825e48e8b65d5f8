import * as z from "zod";
import { stageInfoSchema } from "./stages.ts";

const count = z.int().min(0);

/** On every record: when it was written and how many came before it in the file. */
const stamp = {
  /** Milliseconds since 1970. */
  time: z.number(),
  /** Counts from 0 without gaps over the life of a run, also across resumes. */
  sequence: count,
};

/** A table as people read it; its files hold the same in full. */
export const tableSchema = z.strictObject({
  /** Unique within the run, and the stem of its files: "winRates". */
  name: z.string(),
  title: z.string(),
  columns: z.array(z.strictObject({ header: z.string(), align: z.enum(["left", "right"]) })),
  rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))),
  /** The numbers' coverage and its limits, for people. */
  note: z.string().optional(),
  /** Files it was written to, relative to the run folder: Markdown, CSV, JSON. */
  files: z.array(z.string()),
});

const runQueued = z.strictObject({
  kind: z.literal("runQueued"),
  ...stamp,
  run: z.string(),
  name: z.string(),
  /** The device it waits for, for people: "wasm, 2 threads". */
  device: z.string(),
  /** Runs that come before it, the one at work included. */
  ahead: z.int().min(1),
});

const runStarted = z.strictObject({
  kind: z.literal("runStarted"),
  ...stamp,
  run: z.string(),
  name: z.string(),
  /** Backend and threads, for people: "wasm, 2 threads". */
  device: z.string(),
  /** True when a run resumes from where it was. */
  resumed: z.boolean(),
  /** In the order of the recipe; logs from before 2026-12 hold names only, see `legacyStage`. */
  stages: z.array(z.union([stageInfoSchema, z.string()])),
  /** Work of each stage, estimated, in a unit in which only ratios count; 0 for cached stages. */
  work: z.array(z.number().min(0)).optional(),
});

const stageStarted = z.strictObject({
  kind: z.literal("stageStarted"),
  ...stamp,
  /** Its id. */
  stage: z.string(),
  /** Content address of its result. */
  key: z.string(),
  /** Kind of work for people; in logs from before 2026-12 only. */
  name: z.string().optional(),
  /** The artifact is there already; nothing is computed. */
  cached: z.boolean(),
  /** Id of the run, of the same root, that made the artifact, where known. */
  from: z.string().optional(),
});

const progress = z.strictObject({
  kind: z.literal("progress"),
  ...stamp,
  stage: z.string(),
  step: count,
  total: count,
  /** Seconds left in this stage; absent while it is unknown. */
  etaSeconds: z.number().min(0).optional(),
});

const metrics = z.strictObject({
  kind: z.literal("metrics"),
  ...stamp,
  stage: z.string(),
  step: count,
  /** By path, such as `objective/kl`; null for values that were not finite, which JSON cannot hold. */
  values: z.record(z.string(), z.number().nullable()),
});

const stageFinished = z.strictObject({
  kind: z.literal("stageFinished"),
  ...stamp,
  stage: z.string(),
  seconds: z.number().min(0),
});

const alarm = z.strictObject({
  kind: z.literal("alarm"),
  ...stamp,
  stage: z.string(),
  step: count,
  /** Which watch went off: "negativeKl", "lengthCollapse". */
  name: z.string(),
  /** The observation, its possible cause, the advice. */
  message: z.string(),
});

const table = z.strictObject({ kind: z.literal("table"), ...stamp, table: tableSchema });

const runFinished = z.strictObject({
  kind: z.literal("runFinished"),
  ...stamp,
  /** "stopped" after a graceful stop: resume continues from there. */
  status: z.enum(["finished", "stopped"]),
  seconds: z.number().min(0),
});

const runFailed = z.strictObject({
  kind: z.literal("runFailed"),
  ...stamp,
  /** Class of the error: "NumericalError". */
  error: z.string(),
  message: z.string(),
  stage: z.string().nullable(),
});

/** One line of a run's events.jsonl. */
export const eventSchema = z.discriminatedUnion("kind", [
  runQueued,
  runStarted,
  stageStarted,
  progress,
  metrics,
  stageFinished,
  alarm,
  table,
  runFinished,
  runFailed,
]);

/** A record of events.jsonl. */
export type RunEvent = z.output<typeof eventSchema>;

/** An event before the run folder stamps time and sequence on it. */
export type EventBody = Unstamped<RunEvent>;

/** A table of results. */
export type Table = z.output<typeof tableSchema>;

type Unstamped<E> = E extends unknown ? Omit<E, keyof typeof stamp> : never;

/** A record of events.jsonl as far as this version can read it. */
export interface ParsedEvent {
  readonly event?: RunEvent;
  /** The defect, for people; a record may be understood in part. */
  readonly problem?: string;
}

/** Every kind of record that this version knows. */
const KINDS: ReadonlySet<unknown> = new Set(eventSchema.options.map(({ shape }) => shape.kind.value));
/** Kinds that earlier versions wrote and that say nothing any more: rollouts stand in samples.jsonl. */
const DROPPED: ReadonlySet<unknown> = new Set(["sample"]);

/** Reads a record that any version of this program may have written. @param value - As JSON. */
export function parseEvent(value: unknown): ParsedEvent {
  if (!isRecord(value) || typeof value["kind"] !== "string") return { problem: "a record without a kind" };
  const { kind, sequence, time } = value;
  if (DROPPED.has(kind)) return {};
  if (!KINDS.has(kind)) return { problem: `records of the kind ${JSON.stringify(kind)}` };
  if (isQuick(value) && Number.isSafeInteger(sequence) && typeof time === "number") {
    return { event: value as unknown as RunEvent };
  }
  const result = eventSchema.safeParse(value);
  if (result.success) return { event: result.data };
  const problem = `records of the kind ${JSON.stringify(kind)} that do not fit`;
  // Additions can be left out; missing parts cannot be made up.
  const isMore = result.error.issues.every(({ code }) => code === "unrecognized_keys");
  return isMore ? { event: value as unknown as RunEvent, problem } : { problem };
}

/** Nearly all records are of two kinds: those are checked by hand, for a schema takes ten times as long. */
function isQuick({ kind, stage, step, total, values }: Readonly<Record<string, unknown>>): boolean {
  if (typeof stage !== "string" || !Number.isSafeInteger(step)) return false;
  return kind === "metrics" ? isRecord(values) : kind === "progress" && Number.isSafeInteger(total);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
