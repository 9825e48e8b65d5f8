import * as path from "node:path";
import { atomicWrite } from "./disk.ts";
import { ELEMENT_BYTES } from "./elementTypes.ts";
import { inputFiles } from "./inputs.ts";
import { createSafetensors, type SafetensorsWriter, type TensorPlan } from "./safetensorsWriter.ts";
import { INDEX_FILE, WEIGHTS_FILE } from "./shards.ts";
import { discard } from "./writing.ts";

/** Larger weights are split, bytes: as transformers does, and well below what hubs and old file systems take. */
const MOST_SHARD_BYTES = 5e9;

/** Files of weights as this program and transformers name them. */
const WEIGHTS = /^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/;

/**
 * Starts the weights of a Hugging Face folder: one file, or shards with an index where that would be larger than
 * `mostBytes`. What other weights the folder held goes when these are whole: a loader that takes all files of a folder
 * would mix them.
 * @throws {DiskError}
 */
export async function createWeights(
  folder: string,
  plan: ReadonlyMap<string, TensorPlan>,
  { metadata = {}, mostBytes = MOST_SHARD_BYTES }: { readonly metadata?: Record<string, string>; mostBytes?: number },
): Promise<SafetensorsWriter> {
  const parts = partsOf(plan, mostBytes);
  const files = parts.map(({ file }) => file);
  const writers: SafetensorsWriter[] = [];
  try {
    for (const { file, plan: part } of parts) {
      writers.push(await createSafetensors(path.join(folder, file), part, metadata));
    }
  } catch (error) {
    for (const writer of writers) await writer.abandon();
    throw error;
  }
  const homes = new Map(writers.flatMap((writer) => writer.names.map((name) => [name, writer] as const)));
  return {
    names: [...homes.keys()],
    async write(name, from, bytes) {
      const writer = homes.get(name);
      if (writer === undefined) throw new RangeError(`createWeights: ${name} was not planned`);
      await writer.write(name, from, bytes);
    },
    async finish() {
      for (const writer of writers) await writer.finish();
      if (parts.length > 1) await atomicWrite(path.join(folder, INDEX_FILE), indexOf(parts));
      await removeOthers(folder, new Set(parts.length > 1 ? [...files, INDEX_FILE] : files));
    },
    async abandon() {
      for (const writer of writers) await writer.abandon();
    },
  };
}

type Plan = ReadonlyMap<string, TensorPlan>;

/** A file of weights, and the tensors that go into it. */
interface Part {
  readonly file: string;
  readonly plan: Plan;
}

/** Fills one shard after the other, in the order of the plan; at least one, and never an empty one beside others. */
function partsOf(plan: Plan, mostBytes: number): readonly Part[] {
  let last = new Map<string, TensorPlan>();
  const plans = [last];
  let size = 0;
  for (const [name, tensor] of plan) {
    const bytes = bytesOf(tensor);
    if (size > 0 && size + bytes > mostBytes) {
      plans.push((last = new Map<string, TensorPlan>()));
      size = 0;
    }
    last.set(name, tensor);
    size += bytes;
  }
  return plans.map((part, index) => ({ file: fileOf(index, plans.length), plan: part }));
}

function bytesOf({ dtype, shape }: TensorPlan): number {
  return shape.reduce((product, size) => product * size, ELEMENT_BYTES[dtype]);
}

function fileOf(index: number, count: number): string {
  if (count === 1) return WEIGHTS_FILE;
  const five = (n: number): string => String(n).padStart(5, "0");
  return `model-${five(index + 1)}-of-${five(count)}.safetensors`;
}

function indexOf(parts: readonly Part[]): string {
  const tensors = parts.flatMap(({ file, plan }) => [...plan].map(([name, tensor]) => ({ name, tensor, file })));
  const total_size = tensors.reduce((sum, { tensor }) => sum + bytesOf(tensor), 0);
  const weight_map = Object.fromEntries(tensors.map(({ name, file }) => [name, file]));
  return `${JSON.stringify({ metadata: { total_size }, weight_map }, undefined, 2)}\n`;
}

async function removeOthers(folder: string, written: ReadonlySet<string>): Promise<void> {
  for (const { name } of await inputFiles(folder)) {
    if (WEIGHTS.test(name) && !written.has(name)) await discard(path.join(folder, name));
  }
}
