import { Random } from "../../engine/training/random.ts";
import { mutated } from "./mutate.ts";
import type { FuzzPlace, Reader } from "./reader.ts";

/** Milliseconds of the processor that an input may take. */
export const LIMIT_MS = 1000;

/** Something that a reader did wrong. */
export interface Failure {
  readonly reader: string;
  readonly index: number;
  readonly what: string;
  /** The start of the input, in base64. */
  readonly input: string;
}

/** How an input went. */
export interface Attempt {
  readonly ms: number;
  readonly isTaken: boolean;
  readonly failure?: Failure;
}

/** The input of a number: the corpus itself comes first. */
export function inputOf({ name, corpus }: Reader, seed: number, index: number): Buffer {
  const whole = corpus[index];
  if (whole !== undefined) return whole;
  const random = Random.of(seed, "fuzz", name, index);
  const first = corpus[random.integer(corpus.length)] ?? Buffer.alloc(0);
  return mutated(first, random, corpus);
}

/** Has a reader read an input. */
export async function attempt(reader: Reader, input: Buffer, index: number, place: FuzzPlace): Promise<Attempt> {
  const fail = (what: string): Failure => {
    return { reader: reader.name, index, what, input: input.subarray(0, 3000).toString("base64") };
  };
  const first = await timed(reader, input, place);
  // Another time, since much may be compiled or collected in the first.
  const { ms, error } = first.ms > LIMIT_MS ? await timed(reader, input, place) : first;
  const isTaken = error === undefined;
  if (isPolluted()) return { ms, isTaken, failure: fail("changed the prototype of all objects") };
  if (ms > LIMIT_MS) return { ms, isTaken, failure: fail(`took ${Math.round(ms)} ms`) };
  if (error === undefined || (error instanceof Error && reader.errors.includes(error.name))) return { ms, isTaken };
  const stack = error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error);
  return { ms, isTaken, failure: fail(stack.slice(0, 2000)) };
}

async function timed(
  { read }: Reader,
  input: Buffer,
  place: FuzzPlace,
): Promise<{ readonly ms: number; readonly error?: unknown }> {
  // Of this thread: other processes may have the processor meanwhile.
  const before = process.threadCpuUsage();
  const ms = (): number => process.threadCpuUsage(before).user / 1000;
  try {
    await read(input, place);
    return { ms: ms() };
  } catch (error) {
    return { ms: ms(), error: error ?? new TypeError("fuzz: something undefined was thrown") };
  }
}

/** Own names of the prototypes that everything inherits from, as they were. */
const PROTOTYPES = [Object.prototype, Array.prototype, Function.prototype].map((prototype) => ({
  prototype,
  names: new Set(Reflect.ownKeys(prototype)),
}));

/** Takes back what was added, so that later inputs are judged for themselves. */
function isPolluted(): boolean {
  return PROTOTYPES.map(({ prototype, names }) => {
    const added = Reflect.ownKeys(prototype).filter((key) => !names.has(key));
    for (const key of added) Reflect.deleteProperty(prototype, key);
    return added.length > 0;
  }).includes(true);
}
