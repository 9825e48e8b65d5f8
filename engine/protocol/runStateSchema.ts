import * as z from "zod";
import { MOST_SOURCES, plannedDataSchema } from "./dataCountsSchema.ts";
import { byName } from "../common/byName.ts";
import { isRecord } from "../common/dictionary.ts";
import { WAIT_REASONS } from "./editorModels.ts";
import { MessageError } from "./errors.ts";
import { type RunEvent, parseEvent, tableSchema } from "./events.ts";
import {
  LONGEST_MESSAGE,
  MOST_ALARMS,
  MOST_METRICS,
  MOST_NOTES,
  MOST_STAGES,
  MOST_TABLES,
  MOST_WAITS,
} from "./limits.ts";
import { memoryByRoleSchema } from "./memoryRoles.ts";
import type { RunState, Series } from "./runState.ts";
import { stageInfoSchema } from "./stages.ts";
import { name, text } from "./texts.ts";

const count = z.int().min(0);
const time = z.number().optional();

const stageState = z.object({
  ...stageInfoSchema.shape,
  key: name,
  status: z.enum(["waiting", "running", "stopped", "cached", "finished", "failed", "dropped"]),
  step: count,
  total: count,
  work: z.number().min(0).optional(),
  memory: memoryByRoleSchema.optional(),
  etaSeconds: z.number().min(0).optional(),
  seconds: z.number().min(0).optional(),
  startedAt: time,
  droppedAt: count.optional(),
  pricePerHour: z.number().min(0).optional(),
  workedSeconds: z.number().min(0).optional(),
  from: z.object({ run: name, folder: name.optional() }).optional(),
  paceFrom: z.object({ step: count, time: z.number() }).optional(),
});

/** By hand: a run may have millions of points, and a schema takes each for itself. */
const series = z.custom<Series>(isSeries, "is not a curve");

function isSeries(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { steps, times, values } = value;
  if (!Array.isArray(steps) || !Array.isArray(times) || !Array.isArray(values)) return false;
  if (steps.length !== times.length || steps.length !== values.length) return false;
  return (
    steps.every((step) => Number.isSafeInteger(step) && step >= 0) &&
    times.every((time) => Number.isFinite(time)) &&
    values.every((one) => one === null || Number.isFinite(one))
  );
}

/** The state of a run as an engine sends it. */
const runStateSchema: z.ZodType<RunState> = z.object({
  run: name,
  name,
  device: name,
  status: z.enum(["queued", "running", "finished", "stopped", "failed", "lost"]),
  ahead: count.optional(),
  reason: text.optional(),
  startedAt: time,
  updatedAt: time,
  currency: name.optional(),
  pausedSeconds: z.number().min(0).optional(),
  pausedSince: time,
  stages: z.array(stageState).max(MOST_STAGES),
  metrics: byName(byName(series, MOST_METRICS), MOST_STAGES),
  alarms: z.array(z.object({ stage: name, step: count, name, message: text, time: z.number() })).max(MOST_ALARMS),
  notes: z
    .array(z.object({ stage: z.exactOptional(name), message: z.string().max(LONGEST_MESSAGE), time: z.number() }))
    .max(2 * MOST_NOTES)
    .optional(),
  tables: z.array(tableSchema).max(MOST_TABLES),
  data: z.array(plannedDataSchema).max(MOST_SOURCES).optional(),
  download: z
    .object({
      source: text,
      file: text,
      doneBytes: count,
      totalBytes: count,
      pace: z.object({ fromBytes: count, since: z.number(), at: z.number() }).optional(),
    })
    .optional(),
  waits: z
    .array(z.object({ model: text, reason: z.enum(WAIT_REASONS), since: z.number() }))
    .max(MOST_WAITS)
    .optional(),
  failure: z.object({ error: name, message: text, stage: name.nullable() }).optional(),
  nextSequence: count,
});

/** Reads a run's state as an engine sends it. @throws {MessageError} naming the field that does not fit. */
export function parseRunState(value: unknown): RunState {
  const { success, data, error } = runStateSchema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  throw new MessageError(
    `read snapshot: ${issue?.path.map(String).join(".") ?? ""} does not fit: ${issue?.message ?? ""}`,
  );
}

/** The events of a message, as far as this version can read them. @throws {MessageError} when it holds no list. */
export function parseEvents(value: unknown): readonly RunEvent[] {
  if (!Array.isArray(value)) throw new MessageError("read events: the message holds no list");
  return value.flatMap((one: unknown) => parseEvent(one).event ?? []);
}
