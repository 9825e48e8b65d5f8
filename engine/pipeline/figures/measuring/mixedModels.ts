import { allFinite } from "../../../compute/graph/dtype.ts";
import { type Shape, sizeOf } from "../../../compute/graph/tensor.ts";
import { type ModelConfig, mergedMatrix, mixAdapters, parseModelConfig } from "../../../models/index.ts";
import { CheckpointError } from "../../../protocol/errors.ts";
import { isAdapterFolder } from "../../../storage/adapterFolders.ts";
import { type Checkpoint, readCheckpoint } from "../../../storage/checkpoints.ts";
import type { PromptFormat } from "../../../text/index.ts";
import { type LoadChoice, formatOf } from "../../chatChoice.ts";
import { compareCheckpoints } from "../../compareCheckpoints.ts";
import { loadConfig } from "../../modelFolder.ts";
import { type ReadChanges, keptOf, oneFormat, readChanges } from "../../soupAdapters.ts";

/** Reads a tensor of a soup, by its name and shape. */
export type SoupReader = (name: string, shape: Shape) => Promise<Float32Array>;

/** Models on disk that go together, whose soups are read tensor by tensor; to be closed. */
export interface MixedModels {
  readonly config: ModelConfig;
  readonly format: PromptFormat;
  /** The soup Σ wᵢ·θᵢ, one weight per model, adding up to 1. A model of weight 0 is not read. */
  soup(weights: readonly number[]): SoupReader;
  close(): Promise<void>;
}

/**
 * Opens models: whole ones, or adapters of one base, beside which that base may stand.
 * @throws {CheckpointError} naming the first difference where they do not go together.
 */
export async function openMixed(folders: readonly string[], choice: LoadChoice): Promise<MixedModels> {
  const areAdapters = (await Promise.all(folders.map(isAdapterFolder))).includes(true);
  return areAdapters ? MixedAdapters.open(folders, choice) : MixedCheckpoints.open(folders, choice);
}

/** Whole models. Weights are accumulated in f32 in the order of the models, as in a soup that is written to disk. */
class MixedCheckpoints implements MixedModels {
  readonly config: ModelConfig;
  readonly format: PromptFormat;
  private readonly checkpoints: readonly Checkpoint[];

  private constructor(checkpoints: readonly Checkpoint[], config: ModelConfig, format: PromptFormat) {
    this.checkpoints = checkpoints;
    this.config = config;
    this.format = format;
  }

  static async open(folders: readonly string[], choice: LoadChoice): Promise<MixedCheckpoints> {
    const checkpoints: Checkpoint[] = [];
    try {
      for (const folder of folders) {
        await loadConfig(folder); // names and shapes, before anything is computed
        checkpoints.push(await readCheckpoint(folder));
      }
      await compareCheckpoints(checkpoints);
      const [first] = checkpoints;
      if (first === undefined) throw new RangeError("soups: no checkpoints");
      const config = parseModelConfig(first.config, first.folder);
      return new MixedCheckpoints(checkpoints, config, await formatOf(first.folder, first, choice));
    } catch (error) {
      await Promise.all(checkpoints.map(({ weights }) => weights.close()));
      throw error;
    }
  }

  soup(weights: readonly number[]): SoupReader {
    return async (name, shape) => {
      const mixed = new Float32Array(sizeOf(shape));
      for (const [index, { weights: file }] of this.checkpoints.entries()) {
        const share = weights[index] ?? 0;
        if (share !== 0) addScaled(mixed, await file.readTensor(name), share);
      }
      return finite(mixed, name, this.checkpoints[0]?.folder ?? "");
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.checkpoints.map(({ weights }) => weights.close()));
  }
}

/** Adapters of one base: their changes stay in memory, and are mixed as such before they are added to the base. */
class MixedAdapters implements MixedModels {
  readonly config: ModelConfig;
  readonly format: PromptFormat;
  private readonly changes: ReadChanges;
  private readonly base: Checkpoint;

  private constructor(changes: ReadChanges, base: Checkpoint, format: PromptFormat) {
    this.config = changes.config;
    this.format = format;
    this.changes = changes;
    this.base = base;
  }

  static async open(folders: readonly string[], choice: LoadChoice): Promise<MixedAdapters> {
    const changes = await readChanges(folders, choice.base?.folder);
    const format = await oneFormat(folders, changes.first, choice);
    return new MixedAdapters(changes, await readCheckpoint(changes.base), format);
  }

  soup(weights: readonly number[]): SoupReader {
    const { config, models, first } = this.changes;
    const ofAll = (): readonly number[] => weights;
    const { adapter, weights: change } = mixAdapters(config, models, ofAll, keptOf(this.changes, ofAll));
    return async (name) => {
      const base = await this.base.weights.readTensor(name);
      return finite(mergedMatrix(base, change, { adapter, name }), name, first);
    };
  }

  async close(): Promise<void> {
    await this.base.weights.close();
  }
}

function finite(data: Float32Array, tensor: string, file: string): Float32Array {
  if (allFinite(data)) return data;
  throw new CheckpointError("mix: the soup is not finite", {
    file,
    tensor,
    remedy: "choose places nearer to the models",
  });
}

function addScaled(sum: Float32Array, values: Float32Array, share: number): void {
  for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) + share * (values[at] ?? 0);
}
