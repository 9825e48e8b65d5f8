import { dirname, join } from "node:path";
import * as z from "zod";
import type { ModelRequest } from "../protocol/modelCalls.ts";
import { type Json, stableHash } from "../storage/json.ts";
import { LineTail } from "../storage/lineTail.ts";
import { recordOf } from "../storage/logLine.ts";
import { placeIn, placeOf } from "../storage/places.ts";
import { openAt, readRange } from "../storage/reading.ts";
import { SharedLog } from "../storage/sharedLog.ts";
import { makeFolderAt } from "../storage/writing.ts";
import type { AskedModel } from "./client/habits.ts";

/** To be raised when the same request would mean something else to a server. */
const VERSION = 1;
/** Folder of the stores, below the folder of runs and artifacts. */
const CALLS = "calls";
const CALLS_FILE = "calls.jsonl";
/** Hex digits of a store's name, and of the keys that are held in memory. */
const [NAME_DIGITS, KEY_DIGITS] = [16, 32];
/** Most calls of a store that are known: their places take some 100 bytes each. */
const MOST_CALLS = 2_000_000;

const count = z.exactOptional(z.number().min(0));

/** A line of calls.jsonl: a reply, and the hash of all that it was an answer to. */
const callSchema = z.object({
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** The run that paid for it. */
  run: z.string(),
  /** US dollars. */
  price: z.number().min(0),
  reply: z.object({
    text: z.string(),
    reasoning: z.exactOptional(z.string()),
    end: z.enum(["stop", "length", "refused"]),
    model: z.exactOptional(z.string()),
    promptTokens: count,
    completionTokens: count,
  }),
});

/** A reply that was paid for. */
export type StoredCall = Readonly<z.output<typeof callSchema>>;

/** Everything that a reply depends on. */
export interface CallIdentity {
  readonly request: ModelRequest;
  /** Which of several replies to the same request. */
  readonly sample: number;
}

/** Folder of what is kept of a server's model; its name tells neither. */
export function callFolder(root: string, about: AskedModel): string {
  return join(root, CALLS, stableHash(identityOf(about)).slice(0, NAME_DIGITS));
}

interface Place {
  readonly offset: number;
  readonly length: number;
}

/**
 * Replies of one model of one server, by the content of the request: what was asked before, by this run or another, is
 * not asked and not paid for again. `<root>/calls/<hash of server and model>/calls.jsonl`.
 *
 * Of a line that was damaged or cut off, the call is made again; several processes may use a store at once.
 */
export class CallStore {
  private readonly about: Json;
  readonly file: string;
  private readonly tail: LineTail;
  private readonly places = new Map<string, Place>();
  private readonly spent = new Map<string, number>();
  private reading: Promise<unknown> = Promise.resolve();
  private log: SharedLog | undefined;

  /** Of a server's model, in `root`, the folder of runs and artifacts: `.salsa`. */
  constructor(root: string, about: AskedModel) {
    this.about = identityOf(about);
    this.file = join(callFolder(root, about), CALLS_FILE);
    this.tail = new LineTail(this.file);
  }

  /** The hash of a call. */
  keyOf({ request, sample }: CallIdentity): string {
    return stableHash({ about: this.about, request: { ...request } as unknown as Json, sample });
  }

  /**
   * The call of that key; undefined where it has not been made.
   * @throws {DataError} {DiskError}
   */
  async find(key: string): Promise<StoredCall | undefined> {
    await this.refresh();
    const place = this.places.get(key.slice(0, KEY_DIGITS));
    const call = place === undefined ? undefined : await this.read(place);
    return call?.key === key ? call : undefined;
  }

  /** Keeps a call. @throws {DiskError} */
  async add(call: StoredCall): Promise<void> {
    if (this.log === undefined) {
      await makeFolderAt(placeIn(dirname(this.file)));
      this.log ??= new SharedLog(this.file);
    }
    this.log.append(call);
  }

  /** Price that a run has paid for calls that are kept, US dollars. */
  async spentBy(run: string): Promise<number> {
    await this.refresh();
    return this.spent.get(run) ?? 0;
  }

  close(): void {
    this.log?.close();
    this.log = undefined;
  }

  /** Reads what has been added since, by whomever. */
  private async refresh(): Promise<void> {
    const read = this.reading.then(() =>
      this.tail.read({
        line: (bytes, offset) => this.take(bytes, offset),
        restart: () => {
          this.places.clear();
          this.spent.clear();
        },
      }),
    );
    this.reading = read.catch(() => undefined);
    await read;
  }

  private take(bytes: Buffer, offset: number): void {
    const call = callOf(bytes);
    const name = call?.key.slice(0, KEY_DIGITS);
    if (call === undefined || name === undefined) return;
    this.spent.set(call.run, (this.spent.get(call.run) ?? 0) + call.price);
    if (this.places.has(name) || this.places.size >= MOST_CALLS) return; // of two that were made at once the first counts
    this.places.set(name, { offset, length: bytes.length });
  }

  private async read({ offset, length }: Place): Promise<StoredCall | undefined> {
    const handle = await openAt(placeOf(this.file));
    if (handle === undefined) return undefined;
    try {
      const bytes = Buffer.alloc(length);
      const nRead = await readRange(handle, bytes, offset);
      return callOf(bytes.subarray(0, nRead));
    } finally {
      await handle.close();
    }
  }
}

function identityOf({ server, model }: AskedModel): Json {
  return { version: VERSION, server, model };
}

function callOf(bytes: Buffer): StoredCall | undefined {
  const read = callSchema.safeParse(recordOf(bytes));
  return read.success ? read.data : undefined;
}
