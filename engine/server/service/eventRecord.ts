import { type RunEvent, eventSchema } from "../../protocol/events.ts";
import { isJsonObject } from "../../storage/json.ts";

/** A record of events.jsonl as far as this version can read it. */
export interface EventRecord {
  readonly event?: RunEvent;
  /** What is wrong with it, for people; a record may be understood in part. */
  readonly problem?: string;
}

/** Every kind of record that this version knows. */
const KINDS: ReadonlySet<unknown> = new Set(eventSchema.options.map(({ shape }) => shape.kind.value));

/** Reads a record that any version of this program may have written. @param value - As JSON. */
export function readEventRecord(value: unknown): EventRecord {
  if (!isJsonObject(value) || typeof value["kind"] !== "string") return { problem: "a record without a kind" };
  const { kind, sequence, time } = value;
  if (!KINDS.has(kind)) return { problem: `records of the kind ${JSON.stringify(kind)}` };
  if (isQuick(value) && Number.isSafeInteger(sequence) && typeof time === "number") {
    return { event: value as unknown as RunEvent };
  }
  const result = eventSchema.safeParse(value);
  if (result.success) return { event: result.data };
  const problem = `records of the kind ${JSON.stringify(kind)} that do not fit`;
  // What it adds can be left out; what it lacks cannot be made up.
  const isMore = result.error.issues.every(({ code }) => code === "unrecognized_keys");
  return isMore ? { event: value as unknown as RunEvent, problem } : { problem };
}

/** Nearly all records are of two kinds: those are checked by hand, for a schema takes ten times as long. */
function isQuick({ kind, stage, step, total, values }: Readonly<Record<string, unknown>>): boolean {
  if (typeof stage !== "string" || !Number.isSafeInteger(step)) return false;
  return kind === "metrics" ? isJsonObject(values) : kind === "progress" && Number.isSafeInteger(total);
}
