import type { Backend, DeviceBuffer } from "../../../compute/backend.ts";
import { toBf16 } from "../../../compute/graph/dtype.ts";
import { sizeOf } from "../../../compute/graph/tensor.ts";
import { type ModelConfig, DeviceWeights, isRounded, parameters, parseModelConfig } from "../../../models/index.ts";
import { CheckpointError } from "../../../protocol/errors.ts";
import { type Checkpoint, readCheckpoint } from "../../../storage/checkpoints.ts";
import type { PromptFormat } from "../../../text/index.ts";
import { type LoadChoice, formatOf } from "../../chatChoice.ts";
import { compareCheckpoints } from "../../compareCheckpoints.ts";
import { loadConfig } from "../../modelFolder.ts";

/**
 * Soups of checkpoints on disk, one after the other on a device.
 *
 * A soup is made tensor by tensor in one pass over the checkpoints: of each of them one tensor is in memory at a time,
 * and the soup itself is the only model that this holds. Weights are accumulated in f32 in the order of the models, as
 * in a soup that is written to disk.
 */
export class StreamedSoups {
  readonly config: ModelConfig;
  readonly format: PromptFormat;
  private readonly checkpoints: readonly Checkpoint[];

  private constructor(checkpoints: readonly Checkpoint[], config: ModelConfig, format: PromptFormat) {
    this.checkpoints = checkpoints;
    this.config = config;
    this.format = format;
  }

  /**
   * Opens checkpoints that go together; to be closed.
   * @throws {CheckpointError} naming the first difference where they do not.
   */
  static async open(folders: readonly string[], choice: LoadChoice): Promise<StreamedSoups> {
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
      return new StreamedSoups(checkpoints, config, await formatOf(first.folder, first, choice));
    } catch (error) {
      await Promise.all(checkpoints.map(({ weights }) => weights.close()));
      throw error;
    }
  }

  /**
   * Puts Σ wᵢ·θᵢ on the device, one weight per model; to be released. A model of weight 0 is not read.
   * @throws {CheckpointError} naming the first tensor that would not be finite.
   */
  async place(backend: Backend, weights: readonly number[]): Promise<DeviceWeights> {
    const buffers = new Map<string, DeviceBuffer>();
    try {
      for (const [name, shape] of parameters(this.config, ["language"])) {
        const mixed = new Float32Array(sizeOf(shape));
        for (const [index, { weights: file }] of this.checkpoints.entries()) {
          const share = weights[index] ?? 0;
          if (share !== 0) addScaled(mixed, await file.readTensor(name), share);
        }
        if (!mixed.every(Number.isFinite)) {
          const remedy = "choose places nearer to the models";
          throw new CheckpointError("mix: the soup is not finite", {
            file: this.checkpoints[0]?.folder ?? "",
            tensor: name,
            remedy,
          });
        }
        const isNarrow = backend.precision === "bf16" && isRounded(shape);
        const held = isNarrow ? toBf16(mixed) : mixed;
        buffers.set(name, backend.allocate({ shape, dtype: isNarrow ? "bf16" : "f32" }, held));
      }
      return DeviceWeights.of(backend, buffers);
    } catch (error) {
      for (const buffer of buffers.values()) backend.release(buffer);
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.checkpoints.map(({ weights }) => weights.close()));
  }
}

function addScaled(sum: Float32Array, values: Float32Array, share: number): void {
  for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) + share * (values[at] ?? 0);
}
