import { setTimeout } from "node:timers/promises";
import * as z from "zod";
import { type EventBody, type RunEvent, parseEvent } from "../protocol/events.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import { JsonLog } from "./jsonLog.ts";
import { LineTail } from "./lineTail.ts";
import { type Lock, LockedError, takeLock } from "./locks.ts";
import { recordOf } from "./logLine.ts";
import { entryAt, placeIn, placeOf } from "./places.ts";
import { listAt, readText } from "./reading.ts";
import { recordFolder } from "./recordFolder.ts";
import { makeFolderAt, writeAt } from "./writing.ts";

/** One attempt of a cluster's job at a stage. Its files stand beside the stage's record, and go with it. */
export interface AttemptPlace {
  /** The folder of runs and artifacts: `.salsa`. */
  readonly root: string;
  /** Name of the artifact that is made. */
  readonly key: string;
  /** Counted from 1. */
  readonly number: number;
}

/** How an attempt ended. */
export type AttemptEnd =
  | { readonly how: "finished" }
  | { readonly how: "stopped" }
  | { readonly how: "failed"; readonly error: string; readonly message: string };

/** Receives what a job has written since the last time. */
export interface AttemptReader {
  readonly event: (event: RunEvent) => void;
  readonly sample: (record: JsonObject) => void;
}

const NAME = /^attempt-(\d{1,9})\.order\.json$/;
/** Largest order, in bytes: a stage's settings and the places of its inputs. */
const MOST_ORDER_BYTES = 4 * 2 ** 20;
/** Milliseconds between two tries to have the say over a stage's attempts, which takes others a moment. */
const SAY_MS = 50;

const file = ({ root, key, number }: AttemptPlace, name: string): string =>
  placeIn(recordFolder(root, key), `attempt-${number}.${name}`).file;

/** The newest attempt at an artifact; 0 when there is none. */
export async function newestAttempt({ root, key }: Omit<AttemptPlace, "number">): Promise<number> {
  const entries = await listAt(placeIn(recordFolder(root, key)));
  return entries.reduce((newest, { name }) => Math.max(newest, Number(NAME.exec(name)?.[1] ?? 0)), 0);
}

/** Has the only say over the attempts at an artifact for a moment, among all processes that want it made. */
export async function attemptsHeld({ root, key }: Omit<AttemptPlace, "number">): Promise<Lock> {
  const folder = recordFolder(root, key);
  for (;;) {
    await makeFolderAt(placeIn(folder));
    try {
      return await takeLock(placeIn(folder, "attempts.lock").file);
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      await setTimeout(SAY_MS);
    }
  }
}

/** Writes what an attempt has to do. @throws {DiskError} */
export async function writeOrder(attempt: AttemptPlace, order: JsonObject): Promise<void> {
  await writeAt(placeOf(file(attempt, "order.json")), `${JSON.stringify(order)}\n`);
}

/** The text of an order; undefined when there is none. @throws {DataError} {DiskError} */
export function orderText(attempt: AttemptPlace): Promise<string | undefined> {
  return readText(placeOf(file(attempt, "order.json")), MOST_ORDER_BYTES);
}

/** A copy of an input in an order: the folder's name. It is removed with the last run of it, so `..` must be none. */
const COPY = /"inputs\/([A-Za-z0-9][\w.-]{0,254})/g;

/**
 * Names of the copies of inputs that an artifact was made from on a cluster, below `inputs` of its root: as its newest
 * order names them, of whatever version. None where no cluster was asked.
 * @throws {DataError} {DiskError}
 */
export async function copiesFor(artifact: Omit<AttemptPlace, "number">): Promise<readonly string[]> {
  const number = await newestAttempt(artifact);
  const text = number === 0 ? undefined : await orderText({ ...artifact, number });
  return Array.from((text ?? "").matchAll(COPY), ([, name = ""]) => name);
}

/** Asks an attempt to save and end, wherever it runs. @throws {DiskError} */
export async function askToEnd(attempt: AttemptPlace): Promise<void> {
  await writeAt(placeOf(file(attempt, "stop")), "");
}

/** True if an attempt has been asked to end. */
export async function isAskedToEnd(attempt: AttemptPlace): Promise<boolean> {
  return (await entryAt(placeOf(file(attempt, "stop")))) !== undefined;
}

const beganSchema = z.object({ host: z.string().max(255) });
const endSchema: z.ZodType<AttemptEnd> = z.discriminatedUnion("how", [
  z.object({ how: z.literal("finished") }),
  z.object({ how: z.literal("stopped") }),
  z.object({ how: z.literal("failed"), error: z.string().max(1000), message: z.string() }),
]);

/** The log that a job writes: all that its stage reports, and how it ended. */
export class AttemptLog {
  private readonly log: JsonLog;
  private sequence = 0;

  /** @throws {DataError} {DiskError} */
  constructor(attempt: AttemptPlace) {
    this.log = new JsonLog(file(attempt, "jsonl"));
  }

  /** Says where the attempt runs. */
  began(host: string): void {
    this.log.append({ began: { host, time: Date.now() } });
  }

  event(body: EventBody): void {
    this.log.append({ event: { ...body, time: Date.now(), sequence: this.sequence } });
    this.sequence += 1;
  }

  sample(record: JsonObject): void {
    this.log.append({ sample: record });
  }

  ended(end: AttemptEnd): void {
    this.log.append({ end: { ...end } });
    this.log.sync();
  }

  close(): void {
    this.log.close();
  }
}

/** Reads the log of an attempt as it grows, each record once. */
export class AttemptTail {
  /** Machine that it runs on; undefined until it has begun. */
  host: string | undefined;
  /** Set when it has ended. */
  end: AttemptEnd | undefined;
  private readonly tail: LineTail;

  constructor(attempt: AttemptPlace) {
    this.tail = new LineTail(file(attempt, "jsonl"));
  }

  /** Reads what has been added. Damaged records are passed over. @throws {DataError} {DiskError} */
  async read({ event, sample }: AttemptReader): Promise<void> {
    await this.tail.read({
      line: (bytes) => {
        const record = recordOf(bytes);
        if (record === undefined) return;
        const told = record["event"] === undefined ? undefined : parseEvent(record["event"]).event;
        if (told !== undefined) event(told);
        if (isJsonObject(record["sample"])) sample(record["sample"]);
        const began = beganSchema.safeParse(record["began"]);
        if (began.success) this.host = began.data.host;
        if (record["end"] !== undefined) this.end = endSchema.safeParse(record["end"]).data ?? this.end;
      },
      restart: () => undefined,
    });
  }
}
