import * as z from "zod";
import { DataError, DiskError } from "../protocol/errors.ts";
import { JsonError, parseJson } from "../common/json.ts";
import { placeIn } from "../storage/places.ts";
import { readText } from "../storage/reading.ts";
import { removeAt, writeAt } from "../storage/writing.ts";
import { callFolder } from "./callStore.ts";
import {
  type HabitMemory,
  LENGTH_FIELDS,
  type LearnedHabits,
  OPTIONAL_FIELDS,
  type AskedModel,
} from "./client/habits.ts";

const HABITS_FILE = "habits.json";
const MOST_BYTES = 4096;
/** Milliseconds after which a server is looked at again: it may have another program or version by then. */
const LONGEST_KNOWN_MS = 7 * 24 * 3600 * 1000;

/** The content of habits.json: words of this program's alone, so that nothing that a server or a header says gets there. */
const habitsSchema = z.strictObject({
  version: z.literal(1),
  /** When it was learned, ms since 1970. */
  time: z.int().min(0),
  longest: z.enum(LENGTH_FIELDS),
  omitted: z.array(z.enum(OPTIONAL_FIELDS)).max(OPTIONAL_FIELDS.length),
});

/**
 * Habits of servers' models as they were learned, beside the replies of each: `<root>/calls/<hash of server and model>/habits.json`.
 * A file that is old, damaged or cannot be read is as good as none, and what cannot be kept is learned again.
 */
export class HabitFiles implements HabitMemory {
  private readonly root: string;
  private readonly now: () => number;

  /** In `root`, the folder of runs and artifacts; `now` tells ms since 1970. */
  constructor(root: string, now: () => number = Date.now) {
    this.root = root;
    this.now = now;
  }

  async recall(about: AskedModel): Promise<LearnedHabits | undefined> {
    const text = await unlessBroken(readText(this.placeOf(about), MOST_BYTES));
    const read = habitsSchema.safeParse(valueOf(text ?? ""));
    if (!read.success) return undefined;
    const { time, longest, omitted } = read.data;
    const age = this.now() - time;
    return age >= 0 && age < LONGEST_KNOWN_MS ? { longest, omitted } : undefined;
  }

  async keep(about: AskedModel, { longest, omitted }: LearnedHabits): Promise<void> {
    const content: z.input<typeof habitsSchema> = { version: 1, time: this.now(), longest, omitted: [...omitted] };
    await unlessBroken(writeAt(this.placeOf(about), `${JSON.stringify(content)}\n`));
  }

  async forget(about: AskedModel): Promise<void> {
    await unlessBroken(removeAt(this.placeOf(about)));
  }

  private placeOf(about: AskedModel): ReturnType<typeof placeIn> {
    return placeIn(callFolder(this.root, about), HABITS_FILE);
  }
}

function valueOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return undefined;
  }
}

async function unlessBroken<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof DataError || error instanceof DiskError) return undefined;
    throw error;
  }
}
