import * as z from "zod";
import { MOST_SOURCES, plannedDataSchema } from "./dataCountsSchema.ts";
import { byName } from "../common/byName.ts";
import { isRecord } from "../common/dictionary.ts";
import { WAIT_REASONS } from "./editorModels.ts";
import { LONGEST_NAME, MOST_METRICS, MOST_STAGES } from "./limits.ts";
import { memoryByRoleSchema } from "./memoryRoles.ts";
import { name, text } from "./texts.ts";
import { stageInfoSchema } from "./stages.ts";

const count = z.int().min(0);
/** Columns, files and rows that a table of results may have. */
const MOST_COLUMNS = 100;
const MOST_ROWS = 10_000;

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
  name,
  title: text,
  columns: z.array(z.strictObject({ header: text, align: z.enum(["left", "right"]) })).max(MOST_COLUMNS),
  rows: z.array(z.array(z.union([text, z.number(), z.null()])).max(MOST_COLUMNS)).max(MOST_ROWS),
  /** The numbers' coverage and its limits, for people. */
  note: text.optional(),
  /** Files it was written to, relative to the run folder: Markdown, CSV, JSON. */
  files: z.array(name).max(MOST_COLUMNS),
});

const runQueued = z.strictObject({
  kind: z.literal("runQueued"),
  ...stamp,
  run: name,
  name,
  /** The device it waits for, for people: "wasm, 2 threads"; or the cluster. */
  device: name,
  /** Runs that come before it, the one at work included; absent where it waits for something else. */
  ahead: z.int().min(1).optional(),
  /** Why it waits, where that is not for other runs. */
  reason: text.optional(),
  /** In the order of the recipe; when it is first said that the run waits. */
  stages: z.array(stageInfoSchema).max(MOST_STAGES).optional(),
});

const runStarted = z.strictObject({
  kind: z.literal("runStarted"),
  ...stamp,
  run: name,
  name,
  /** Backend and threads, for people: "wasm, 2 threads". */
  device: name,
  /** True when a run resumes from where it was. */
  resumed: z.boolean(),
  /** In the order of the recipe; logs from before 2026-12 hold names only, see `legacyStage`. */
  stages: z.array(z.union([stageInfoSchema, name])).max(MOST_STAGES),
  /** Work of each stage, estimated, in a unit in which only ratios count; 0 for cached stages. */
  work: z.array(z.number().min(0)).max(MOST_STAGES).optional(),
  /** Memory of each stage, planned; empty where it is not known. */
  memory: z.array(memoryByRoleSchema).max(MOST_STAGES).optional(),
  /** Records of each source of data that is not used as it is. */
  data: z.array(plannedDataSchema).max(MOST_SOURCES).optional(),
  /** Prices of stages while they are at work, in their order. */
  price: z.object({ currency: name, perHour: z.array(z.number().min(0)).max(MOST_STAGES) }).optional(),
});

const stageStarted = z.strictObject({
  kind: z.literal("stageStarted"),
  ...stamp,
  /** Its id. */
  stage: name,
  /** Content address of its result. */
  key: name,
  /** Kind of work for people; in logs from before 2026-12 only. */
  name: name.optional(),
  /** The artifact is there already; nothing is computed. */
  cached: z.boolean(),
  /** Id of the run, of the same root, that made the artifact, where known. */
  from: name.optional(),
});

const progress = z.strictObject({
  kind: z.literal("progress"),
  ...stamp,
  stage: name,
  step: count,
  total: count,
  /** Seconds left in this stage; absent while it is unknown. */
  etaSeconds: z.number().min(0).optional(),
});

const metrics = z.strictObject({
  kind: z.literal("metrics"),
  ...stamp,
  stage: name,
  step: count,
  /** By path, such as `objective/kl`; null for values that were not finite, which JSON cannot hold. */
  values: byName(z.number().nullable(), MOST_METRICS),
});

const stageFinished = z.strictObject({
  kind: z.literal("stageFinished"),
  ...stamp,
  stage: name,
  seconds: z.number().min(0),
});

const stageDropped = z.strictObject({
  kind: z.literal("stageDropped"),
  ...stamp,
  stage: name,
  /** Rung of successive halving at which its arm was dropped, counted from 1; absent for what depends on such an arm. */
  rung: z.int().min(1).optional(),
});

const alarm = z.strictObject({
  kind: z.literal("alarm"),
  ...stamp,
  stage: name,
  step: count,
  /** Which watch went off: "negativeKl", "lengthCollapse". */
  name,
  /** The observation, its possible cause, the advice. */
  message: text,
});

const note = z.strictObject({
  kind: z.literal("note"),
  ...stamp,
  /** Absent for one on the run as a whole. */
  stage: z.exactOptional(name),
  /** Something to look at: what is learned of the first examples. */
  message: text,
});

const download = z.strictObject({
  kind: z.literal("download"),
  ...stamp,
  /** As the config names it: "hf:owner/name@main". */
  source: text,
  /** Path in the repository. */
  file: text,
  doneBytes: count,
  totalBytes: count,
});

const modelWait = z.strictObject({
  kind: z.literal("modelWait"),
  ...stamp,
  /** Address of one of the editor's models. */
  model: text,
  /** Why it cannot be asked now; null when it is asked again. */
  reason: z.enum(WAIT_REASONS).nullable(),
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
  error: name,
  message: text,
  stage: name.nullable(),
});

/** One line of a run's events.jsonl. */
export const eventSchema = z.discriminatedUnion("kind", [
  runQueued,
  runStarted,
  stageStarted,
  progress,
  metrics,
  stageFinished,
  stageDropped,
  alarm,
  note,
  download,
  modelWait,
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
  if (!KINDS.has(kind)) return { problem: `records of the kind ${JSON.stringify(kind.slice(0, 100))}` };
  if (isQuick(value) && isCount(sequence) && Number.isFinite(time)) return { event: value as unknown as RunEvent };
  const result = eventSchema.safeParse(value);
  if (result.success) return { event: result.data };
  const { issues } = result.error;
  const [first] = issues;
  const problem = `records of the kind ${JSON.stringify(kind)} that do not fit (${pathOf(first)})`;
  // Additions can be left out; missing parts cannot be made up.
  const known = issues.every(({ code }) => code === "unrecognized_keys") ? withoutKeys(value, issues) : undefined;
  const { success, data } = eventSchema.safeParse(known);
  return success ? { event: data, problem } : { problem };
}

/** Nearly all records are of two kinds: those are checked by hand, for a schema takes ten times as long. */
function isQuick({ kind, stage, step, total, etaSeconds, values }: Readonly<Record<string, unknown>>): boolean {
  if (typeof stage !== "string" || stage.length > LONGEST_NAME || !isCount(step)) return false;
  if (kind === "metrics") return isRecord(values) && hasMetrics(values);
  return kind === "progress" && isCount(total) && (etaSeconds === undefined || isDuration(etaSeconds));
}

function hasMetrics(values: Readonly<Record<string, unknown>>): boolean {
  const paths = Object.keys(values);
  return (
    paths.length <= MOST_METRICS &&
    // A name of the language is left to the schema, which gives it no meaning.
    paths.every((path) => path !== "__proto__" && (values[path] === null || Number.isFinite(values[path])))
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isDuration(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}

/** The field that an issue is about: `step`, `values.objective/kl`. */
function pathOf(issue: z.core.$ZodIssue | undefined): string {
  const keys = issue?.code === "unrecognized_keys" ? [...issue.path, ...issue.keys.slice(0, 3)] : (issue?.path ?? []);
  return keys.map(String).join(".").slice(0, 100);
}

/** A copy of a record without the fields that issues call unknown, on whatever level they are. */
function withoutKeys(value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  return issues.reduce((rest, issue) => {
    return issue.code === "unrecognized_keys" ? without(rest, issue.path, new Set(issue.keys)) : rest;
  }, value);
}

function without(value: unknown, [first, ...rest]: readonly PropertyKey[], keys: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.with(Number(first), without(value[Number(first)], rest, keys));
  if (!isRecord(value)) return value;
  if (first === undefined) return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.has(key)));
  return { ...value, [first]: without(value[String(first)], rest, keys) };
}
