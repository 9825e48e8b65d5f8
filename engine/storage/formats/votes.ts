import { join } from "node:path";
import * as z from "zod";
import { DataError } from "../../protocol/errors.ts";
import { LONGEST_NAME } from "../../protocol/limits.ts";
import { LONGEST_NOTE, VOTES } from "../../protocol/verdicts.ts";
import { LineTail } from "../lineTail.ts";
import { recordOf } from "../logLine.ts";
import { entryAt, placeOf } from "../places.ts";
import { SharedLog } from "../sharedLog.ts";

/** File of what a person said about a run's comparisons, in the run's folder. */
export const VOTES_FILE = "votes.jsonl";

/** Bytes of the file that are read; a vote takes some 200. */
const MOST_BYTES = 64 * 1024 * 1024;

const name = z.string().max(LONGEST_NAME);

/** The comparison that a record is about. */
const about = {
  benchmark: name,
  a: name,
  b: name,
  /** Base seed. */
  seed: z.int(),
  /** Position of the prompt in the benchmark. */
  index: z.int().min(0),
  /** Milliseconds since 1970. */
  time: z.number(),
};

const voteSchema = z.object({
  kind: z.literal("vote"),
  ...about,
  /** Null withdraws the one before. */
  vote: z.enum(VOTES).nullable(),
  /** The judge's verdict, which the vote is compared with. */
  judged: z.enum(["win", "loss", "tie", "dropped"]),
  /** True if names, order and that verdict were hidden until then. */
  isBlind: z.boolean(),
});

const noteSchema = z.object({
  kind: z.literal("note"),
  ...about,
  /** Empty to remove the one before. */
  note: z.string().max(LONGEST_NOTE),
});

const recordSchema = z.discriminatedUnion("kind", [voteSchema, noteSchema]);

/** A line of votes.jsonl: the last vote and the last note about a comparison count. */
export type VoteRecord = Readonly<z.output<typeof recordSchema>>;
type VoteLine = Extract<VoteRecord, { readonly kind: "vote" }>;

/** Names a comparison of a run. */
export type ComparisonKey = Pick<VoteRecord, "benchmark" | "a" | "b" | "seed" | "index">;

/** A person's vote and note on a comparison. */
export interface Opinion {
  readonly about: ComparisonKey;
  readonly vote?: NonNullable<VoteLine["vote"]>;
  readonly judged?: VoteLine["judged"];
  readonly isBlind?: boolean;
  /** How many records there were when it was first voted on, and when the note came. */
  readonly votedAt?: number;
  readonly note?: string;
  readonly notedAt?: number;
}

/**
 * A person's votes and notes about the comparisons of a run, read on as they are added by whichever window. Lines that
 * were cut off, or that do not fit, are passed over.
 */
export class VoteBook {
  private readonly file: string;
  private readonly tail: LineTail;
  private readonly opinions = new Map<string, Opinion>();
  private nRecords = 0;
  private reading: Promise<unknown> = Promise.resolve();

  /** Of a run's folder; nothing is read before `update`. */
  constructor(folder: string) {
    this.file = join(folder, VOTES_FILE);
    this.tail = new LineTail(this.file);
  }

  /** Counts records. */
  get revision(): number {
    return this.nRecords;
  }

  /**
   * Reads what has been added since.
   * @throws {DataError} when the file is a link or a device, or too large. @throws {DiskError}
   */
  async update(): Promise<void> {
    const read = this.reading.then(() => this.read());
    this.reading = read.catch(() => undefined);
    await read;
  }

  /** The opinion on a comparison; undefined where there is none. */
  of(compared: ComparisonKey): Opinion | undefined {
    return this.opinions.get(keyOf(compared));
  }

  /** All of it, in the order in which the comparisons were first looked at. */
  all(): readonly Opinion[] {
    return [...this.opinions.values()];
  }

  private async read(): Promise<void> {
    const size = (await entryAt(placeOf(this.file)))?.size ?? 0;
    if (size > MOST_BYTES) {
      const what = `read: holds ${size} bytes, more than the ${MOST_BYTES} that are read`;
      throw new DataError(what, { file: this.file, remedy: "move it away to begin with new votes" });
    }
    await this.tail.read({
      line: (bytes) => {
        const record = recordSchema.safeParse(recordOf(bytes));
        if (record.success) this.take(record.data);
      },
      restart: () => {
        this.opinions.clear();
        this.nRecords = 0;
      },
    });
  }

  private take(record: VoteRecord): void {
    this.nRecords += 1;
    const { benchmark, a, b, seed, index } = record;
    const key = keyOf(record);
    const known = this.opinions.get(key) ?? { about: { benchmark, a, b, seed, index } };
    this.opinions.set(
      key,
      record.kind === "vote" ? voted(known, record, this.nRecords) : noted(known, record, this.nRecords),
    );
  }
}

/**
 * Adds a vote or a note to a run's, durably; several windows may do so at once, and a crash loses the one in flight at most.
 * @throws {DataError} when it does not fit, or the file is a link or a device. @throws {DiskError}
 */
export function addVote(folder: string, record: VoteRecord): void {
  const file = join(folder, VOTES_FILE);
  const checked = recordSchema.safeParse(record);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const remedy = `notes may have ${LONGEST_NOTE} characters`;
    throw new DataError(`vote: ${issue?.path.join(".") ?? ""} does not fit: ${issue?.message ?? ""}`, { file, remedy });
  }
  const log = new SharedLog(file);
  try {
    log.append(checked.data);
    log.sync();
  } finally {
    log.close();
  }
}

function keyOf({ benchmark, a, b, seed, index }: ComparisonKey): string {
  return JSON.stringify([benchmark, a, b, seed, index]);
}

function voted({ about: of, note, notedAt, votedAt }: Opinion, record: VoteLine, nth: number): Opinion {
  const { vote, judged, isBlind } = record;
  return {
    about: of,
    ...(note !== undefined && { note }),
    ...(notedAt !== undefined && { notedAt }),
    ...(vote !== null && { vote, judged, isBlind, votedAt: votedAt ?? nth }),
  };
}

function noted(known: Opinion, { note }: Extract<VoteRecord, { readonly kind: "note" }>, nth: number): Opinion {
  const { note: _, notedAt, ...rest } = known;
  return note === "" ? rest : { ...rest, note, notedAt: notedAt ?? nth };
}
