import { createHash } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import { DiskError } from "../protocol/errors.ts";
import { parseJson } from "../common/json.ts";
import { inputStamp, isInputFolder } from "../storage/inputs.ts";
import { type Place, placeBelow } from "../storage/places.ts";
import { readText } from "../storage/reading.ts";
import { writeAt } from "../storage/writing.ts";

/** Folder below a root, beside prepared data. */
const KNOWN = "data/known";

const memorySchema = z.object({
  /** How the file looked before it was read. */
  stamp: z.string(),
  facts: z.record(z.string(), z.unknown()),
});

type Memory = Readonly<z.output<typeof memorySchema>>;

/** A fact about a file, and where it is remembered. */
export interface FactSettings<T> {
  /** `.salsa`. */
  readonly root: string;
  readonly file: string;
  /** Names the fact, with everything but the file that it depends on. */
  readonly name: string;
  readonly schema: z.ZodType<T>;
}

/**
 * A fact about a file's content: remembered while the file looks as it did (size, times, inode), else found by reading
 * it, so that gigabytes of data are not read at every plan.
 * @throws The errors of `find`.
 */
export async function knownFact<T>({ root, file, name, schema }: FactSettings<T>, find: () => Promise<T>): Promise<T> {
  const place = placeBelow(root, join(KNOWN, `${createHash("sha256").update(file).digest("hex").slice(0, 16)}.json`));
  // Looked at before it is read: what changes meanwhile looks different the next time.
  const stamp = await inputStamp(file);
  if (stamp === undefined) return find();
  const memory = await memoryAt(place, stamp);
  const known = schema.safeParse(memory.facts[name]);
  if (known.success) return known.data;
  const value = await find();
  const { facts } = await memoryAt(place, stamp);
  const all: (readonly [string, unknown])[] = [...Object.entries(facts), [name, value]];
  await remember(place, { stamp, facts: Object.fromEntries(all.slice(-MOST)) });
  return value;
}

/** Facts that are remembered of a file; those of settings that are no longer used go first. */
const MOST = 16;

async function memoryAt(place: Place, stamp: string): Promise<Memory> {
  const nothing: Memory = { stamp, facts: {} };
  const text = await readText(place);
  if (text === undefined) return nothing;
  try {
    const memory = memorySchema.parse(parseJson(text));
    return memory.stamp === stamp ? memory : nothing;
  } catch {
    return nothing;
  }
}

async function remember(place: Place, memory: Memory): Promise<void> {
  try {
    // A plan leaves nothing behind where no run has been.
    if (!(await isInputFolder(place.root))) return;
    await writeAt(place, `${JSON.stringify(memory)}\n`);
  } catch (error) {
    // A folder that may only be read, or a full disk: the file is read again the next time.
    if (!(error instanceof DiskError)) throw error;
  }
}
