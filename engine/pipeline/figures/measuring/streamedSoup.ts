import type { Backend, DeviceBuffer } from "../../../compute/backend.ts";
import { toBf16 } from "../../../compute/graph/dtype.ts";
import { type ModelConfig, DeviceWeights, isRounded, parameters } from "../../../models/index.ts";
import type { PromptFormat } from "../../../text/index.ts";
import type { LoadChoice } from "../../chatChoice.ts";
import { type MixedModels, openMixed } from "./mixedModels.ts";

/**
 * Soups of models on disk, one after the other on a device.
 *
 * A soup is made tensor by tensor in one pass over the models: of each of them one tensor is in memory at a time, and the
 * soup itself is the only model that this holds.
 */
export class StreamedSoups {
  private readonly models: MixedModels;

  private constructor(models: MixedModels) {
    this.models = models;
  }

  /**
   * Opens models that go together; to be closed.
   * @throws {CheckpointError} naming the first difference where they do not.
   */
  static async open(folders: readonly string[], choice: LoadChoice): Promise<StreamedSoups> {
    return new StreamedSoups(await openMixed(folders, choice));
  }

  get config(): ModelConfig {
    return this.models.config;
  }

  get format(): PromptFormat {
    return this.models.format;
  }

  /**
   * Puts Σ wᵢ·θᵢ on the device, one weight per model, adding up to 1; to be released.
   * @throws {CheckpointError} naming the first tensor that would not be finite.
   */
  async place(backend: Backend, weights: readonly number[]): Promise<DeviceWeights> {
    const buffers = new Map<string, DeviceBuffer>();
    const read = this.models.soup(weights);
    try {
      for (const [name, shape] of parameters(this.config, ["language"])) {
        const mixed = await read(name, shape);
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
    await this.models.close();
  }
}
