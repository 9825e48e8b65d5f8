import { join } from "node:path";
import { type WeightType, DTYPES, allFinite, toBf16 } from "../compute/graph/dtype.ts";
import { type Shape, sizeOf } from "../compute/graph/tensor.ts";
import {
  type Head,
  type HostTensor,
  type ModelConfig,
  type WeightArray,
  type WeightsSource,
  parameters,
  parseModelConfig,
  selectWeights,
} from "../models/index.ts";
import { WeightsError } from "../models/weights.ts";
import { CheckpointError } from "../protocol/errors.ts";
import { type CheckpointFiles, mainType, readCheckpoint } from "../storage/checkpoints.ts";
import { type StoredType, isStoredType } from "../storage/elementTypes.ts";
import type { WeightsFile } from "../storage/safetensors.ts";
import { WEIGHTS_FILE, openWeights } from "../storage/shards.ts";

/** Parts of a checkpoint that go along with what is trained from it. */
export interface CarriedParts extends Pick<CheckpointFiles, "config" | "generationConfig"> {
  readonly folder: string;
  /** How tensors are stored. */
  readonly types: ReadonlyMap<string, StoredType>;
  /** How most of them are, and so those that training adds. */
  readonly type: StoredType;
}

/** The type that a tensor is held in, by the one that it is stored in. */
export type TypeOf = (stored: string) => WeightType;

/** A checkpoint that was read before, and is another one now, or none. */
export class ChangedCheckpoint extends CheckpointError {
  constructor(file: string, what: string, options?: ErrorOptions) {
    const remedy =
      "leave checkpoints as they are while a run reads them, put this one back, and go on with salsa resume";
    super(`read checkpoint: ${what} since the stage began`, { file, remedy }, options);
  }
}

interface Wanted {
  readonly shape: Shape;
  readonly type: WeightType;
}

/** The tensors of a Hugging Face folder that a model needs, in the types that they are held in; holds none of them. */
export class StoredWeights implements WeightsSource {
  readonly config: ModelConfig;
  readonly carried: CarriedParts;
  private readonly wanted: ReadonlyMap<string, Wanted>;
  /** How the files looked when they were compared with the config. */
  private readonly stamps: ReadonlyMap<string, string>;
  private areFinite = false;

  private constructor(
    { config, carried }: Pick<StoredWeights, "config" | "carried">,
    wanted: ReadonlyMap<string, Wanted>,
    stamps: ReadonlyMap<string, string>,
  ) {
    this.config = config;
    this.carried = carried;
    this.wanted = wanted;
    this.stamps = stamps;
  }

  /**
   * Compares names and shapes with the config, before any of the tensors is read, which takes a while.
   *
   * @throws {CheckpointError} when a file is missing or damaged, or weights and config do not fit.
   * @throws {ModelConfigError} when the engine cannot run such a model.
   */
  static async open(folder: string, heads: readonly Head[], typeOf: TypeOf): Promise<StoredWeights> {
    const { config: settings, generationConfig, weights } = await readCheckpoint(folder);
    try {
      const config = parseModelConfig(settings, join(folder, "config.json"));
      const wanted = parameters(config, heads);
      fitting(folder, weights.tensors, wanted);
      await checkScoreBias(weights, heads);
      const typed = [...wanted].map(([name, shape]): [string, Wanted] => {
        return [name, { shape, type: typeOf(weights.tensors.get(name)?.dtype ?? "F32") }];
      });
      const carried = {
        ...{ folder, config: settings, ...(generationConfig && { generationConfig }) },
        ...storedTypes(weights),
      };
      return new StoredWeights({ config, carried }, new Map(typed), await weights.stamps());
    } finally {
      await weights.close();
    }
  }

  /** On a device, before anything is rounded. */
  get bytes(): number {
    return [...this.wanted.values()].reduce((sum, one) => sum + bytesOf(one), 0);
  }

  /**
   * All tensors, in one block of memory: a system takes a large block back when it is freed, where of many small ones the
   * process keeps most.
   *
   * @throws {CheckpointError} when one holds numbers that are not finite.
   */
  async load<A extends WeightArray>(): Promise<Map<string, HostTensor<A>>> {
    const block = new ArrayBuffer([...this.wanted.values()].reduce((sum, one) => sum + aligned(bytesOf(one)), 0));
    const tensors = new Map<string, HostTensor<A>>();
    let offset = 0;
    for await (const [name, tensor] of this.filled(({ shape, type }) => {
      const data = new DTYPES[type].array(block, offset, sizeOf(shape)) as A;
      offset += aligned(bytesOf({ shape, type }));
      return data;
    }))
      tensors.set(name, tensor);
    return tensors;
  }

  /**
   * All tensors, one after the other in the same memory.
   * @throws {ChangedCheckpoint} when the files are others than at first, or become so meanwhile.
   */
  read(): AsyncGenerator<readonly [name: string, tensor: HostTensor<WeightArray>], undefined> {
    const block = new ArrayBuffer(Math.max(0, ...[...this.wanted.values()].map(bytesOf)));
    return this.filled(({ shape, type }) => new DTYPES[type].array(block, 0, sizeOf(shape)) as WeightArray);
  }

  /** Reads everything once, so that what is wrong with it shows before anything is trained. */
  async check(): Promise<void> {
    const tensors = this.read();
    while ((await tensors.next()).done !== true);
  }

  private async *filled<A extends WeightArray>(
    place: (wanted: Wanted) => A,
  ): AsyncGenerator<readonly [name: string, tensor: HostTensor<A>], undefined> {
    const { folder } = this.carried;
    const weights = await this.opened();
    try {
      for (const [name, wanted] of this.wanted) {
        const data = place(wanted);
        await fill(data, weights, name);
        if (!this.areFinite && !allFinite(data)) throw notFinite(folder, name);
        yield [name, { shape: wanted.shape, data }];
      }
      // A file that was written meanwhile may be half the old one.
      this.compare(await weights.stamps());
      this.areFinite = true;
    } finally {
      await weights.close();
    }
  }

  private async opened(): Promise<WeightsFile> {
    let weights: WeightsFile;
    try {
      weights = await openWeights(this.carried.folder);
    } catch (cause) {
      // It could be opened before.
      if (cause instanceof CheckpointError)
        throw new ChangedCheckpoint(cause.file, "it has gone or changed", { cause });
      throw cause;
    }
    try {
      this.compare(await weights.stamps());
      return weights;
    } catch (error) {
      await weights.close();
      throw error;
    }
  }

  private compare(now: ReadonlyMap<string, string>): void {
    const file = [...now.keys(), ...this.stamps.keys()].find((one) => now.get(one) !== this.stamps.get(one));
    if (file !== undefined) throw new ChangedCheckpoint(file, "it has changed");
  }
}

const bytesOf = ({ shape, type }: Wanted): number => sizeOf(shape) * DTYPES[type].bytes;

/** Arrays begin at multiples of their elements. */
const aligned = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** How the tensors of a checkpoint are stored; of types that are only read, what they are saved in. */
function storedTypes({ tensors }: WeightsFile): Pick<CarriedParts, "types" | "type"> {
  const types = [...tensors].map(([name, { dtype }]) => [name, isStoredType(dtype) ? dtype : "F32"] as const);
  return { types: new Map(types), type: mainType(tensors.values()) };
}

/** Reads a tensor, in place where it is stored as it is held. */
async function fill(into: WeightArray, weights: WeightsFile, name: string): Promise<void> {
  const isBf16 = into instanceof Uint16Array;
  if (weights.tensors.get(name)?.dtype === (isBf16 ? "BF16" : "F32")) {
    await weights.readBytes(name, 0, new Uint8Array(into.buffer, into.byteOffset, into.byteLength));
    return;
  }
  const data = await weights.readTensor(name);
  into.set(isBf16 ? toBf16(data) : data);
}

/** Selects the wanted weights; an error about one that does not fit names its folder. */
function fitting<T extends { readonly shape: Shape }>(
  folder: string,
  available: ReadonlyMap<string, T>,
  wanted: ReadonlyMap<string, Shape>,
): Map<string, T> {
  try {
    return selectWeights(available, wanted);
  } catch (cause) {
    if (!(cause instanceof WeightsError)) throw cause;
    const isReward = wanted.has("score.weight");
    const remedy = isReward
      ? "give a reward model: AutoModelForSequenceClassification with one label"
      : "give a language model whose config.json is its own";
    throw new CheckpointError(cause.message, { file: folder, remedy }, { cause });
  }
}

/** transformers' own classes have no bias on a score, and would drop it in silence. */
async function checkScoreBias(weights: WeightsFile, heads: readonly Head[]): Promise<void> {
  if (!heads.includes("score") || !weights.tensors.has(SCORE_BIAS)) return;
  const bias = await weights.readTensor(SCORE_BIAS);
  if (bias.every((value) => value === 0)) return;
  const remedy = "remove it, which moves all rewards alike, or give a reward model without one";
  throw new CheckpointError("is not 0, and a score has no bias", { file: weights.path, tensor: SCORE_BIAS, remedy });
}

const SCORE_BIAS = "score.bias";

/** One such number makes every loss NaN, steps later and far from its cause. */
function notFinite(folder: string, tensor: string): CheckpointError {
  const remedy = "use a checkpoint from before its training diverged, or one stored in a wider type";
  return new CheckpointError("holds numbers that are not finite", { file: join(folder, WEIGHTS_FILE), tensor, remedy });
}
