import * as path from "node:path";
import { CheckpointError } from "../protocol/errors.ts";
import { type JsonError, excerpt, parseJson } from "../common/json.ts";
import { inputExists, readInput } from "./inputs.ts";
import { duplicateKey, isJsonObject, type Json } from "./json.ts";
import { openSafetensors, type TensorEntry, type WeightsFile } from "./safetensors.ts";

/** Weights of a Hugging Face folder in one file. */
export const WEIGHTS_FILE = "model.safetensors";
/** Names the shards of weights that were split. */
export const INDEX_FILE = "model.safetensors.index.json";

const DAMAGED = "the index does not belong to these files: download or export the checkpoint again";

/**
 * Opens the weights of a Hugging Face folder: `model.safetensors`, or the shards that the index names.
 * @throws {CheckpointError} when there are none, or an index names a file outside the folder or tensors that its
 * shards do not hold.
 */
export async function openWeights(folder: string): Promise<WeightsFile> {
  const single = path.join(folder, WEIGHTS_FILE);
  if (await inputExists(single)) return openSafetensors(single);
  const index = path.join(folder, INDEX_FILE);
  if (await inputExists(index)) return openShards(folder, index, await readIndex(index));
  const remedy = "give a Hugging Face folder with safetensors weights (pickled .bin and .pt files are not loaded)";
  throw new CheckpointError(`read checkpoint: no ${WEIGHTS_FILE} and no ${INDEX_FILE}`, { file: folder, remedy });
}

/**
 * Files that the index of a folder names.
 * @throws {CheckpointError} when it is none, or names a file outside the folder.
 */
export async function shardNames(folder: string): Promise<readonly string[]> {
  return [...new Set((await readIndex(path.join(folder, INDEX_FILE))).values())].sort();
}

/** Tensor name to the file that holds it. */
type WeightMap = ReadonlyMap<string, string>;

async function readIndex(file: string): Promise<WeightMap> {
  const text = ((await readInput(file)) ?? "").toString();
  let json: Json;
  try {
    json = parseJson(text) as Json;
  } catch (cause) {
    throw new CheckpointError(`read index: ${(cause as JsonError).message}`, { file, remedy: DAMAGED }, { cause });
  }
  const map = isJsonObject(json) ? json["weight_map"] : undefined;
  if (!isJsonObject(map)) throw new CheckpointError("read index: no weight_map", { file, remedy: DAMAGED });
  const twice = duplicateKey(text);
  if (twice !== undefined) {
    throw new CheckpointError("read index: named twice", { file, tensor: twice, remedy: DAMAGED });
  }
  for (const [tensor, shard] of Object.entries(map)) {
    if (typeof shard === "string" && isPlainName(shard)) continue;
    const what = `read index: ${excerpt(shard)} is not a file name inside the folder`;
    throw new CheckpointError(what, { file, tensor, remedy: "do not use this checkpoint: it may be hostile" });
  }
  return new Map(Object.entries(map) as [string, string][]);
}

/** A name that cannot leave its folder on any system. */
function isPlainName(name: string): boolean {
  return /^[\w-][\w.-]*\.safetensors$/.test(name);
}

async function openShards(folder: string, index: string, map: WeightMap): Promise<WeightsFile> {
  const shards = new Map<string, WeightsFile>();
  try {
    for (const name of new Set(map.values())) shards.set(name, await openShard(folder, name));
    checkIndex(index, map, shards);
  } catch (error) {
    for (const shard of shards.values()) await shard.close();
    throw error;
  }
  return new ShardedWeights(folder, shards);
}

async function openShard(folder: string, name: string): Promise<WeightsFile> {
  const file = path.join(folder, name);
  if (await inputExists(file)) return openSafetensors(file);
  const remedy = "download or copy this file, too: a part of the weights is in it";
  throw new CheckpointError(`read checkpoint: no such file, and ${INDEX_FILE} names it`, { file, remedy });
}

/** Every tensor that the index names is in its shard, and no shard holds others. */
function checkIndex(index: string, map: WeightMap, shards: ReadonlyMap<string, WeightsFile>): void {
  for (const [tensor, shard] of map) {
    if (shards.get(shard)?.tensors.has(tensor) === true) continue;
    throw new CheckpointError(`read index: not in ${shard}`, { file: index, tensor, remedy: DAMAGED });
  }
  for (const [name, shard] of shards) {
    for (const tensor of shard.tensors.keys()) {
      if (map.get(tensor) === name) continue;
      throw new CheckpointError(`read index: ${name} holds it unnamed`, { file: index, tensor, remedy: DAMAGED });
    }
  }
}

class ShardedWeights implements WeightsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, Pick<TensorEntry, "dtype" | "shape">>;
  readonly metadata: ReadonlyMap<string, string>;
  private readonly shards: readonly WeightsFile[];
  private readonly homes: ReadonlyMap<string, WeightsFile>;

  constructor(folder: string, shards: ReadonlyMap<string, WeightsFile>) {
    this.path = folder;
    this.shards = [...shards.values()];
    this.tensors = new Map(this.shards.flatMap((shard) => [...shard.tensors]));
    this.metadata = new Map(this.shards.flatMap((shard) => [...shard.metadata]));
    this.homes = new Map(
      this.shards.flatMap((shard) => [...shard.tensors.keys()].map((name) => [name, shard] as const)),
    );
  }

  async readTensor(name: string): Promise<Float32Array> {
    return this.home(name).readTensor(name);
  }

  async readRange(name: string, from: number, count: number): Promise<Float32Array> {
    return this.home(name).readRange(name, from, count);
  }

  async readBytes(name: string, from: number, into: Uint8Array): Promise<void> {
    await this.home(name).readBytes(name, from, into);
  }

  async stamps(): Promise<ReadonlyMap<string, string>> {
    const all = await Promise.all(this.shards.map((shard) => shard.stamps()));
    return new Map(all.flatMap((one) => [...one]));
  }

  async close(): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.close()));
  }

  private home(name: string): WeightsFile {
    const shard = this.homes.get(name);
    if (shard !== undefined) return shard;
    const remedy = `it has ${this.tensors.size} tensors; is it another architecture?`;
    throw new CheckpointError("read checkpoint: no such tensor", { file: this.path, tensor: name, remedy });
  }
}
