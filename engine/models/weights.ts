import type { Backend, DeviceBuffer } from "../compute/backend.ts";
import { dtypeOf, fromBf16, toBf16 } from "../compute/graph/dtype.ts";
import { type Shape, sameShape } from "../compute/graph/tensor.ts";

/** Elements of weights: f32, or bf16 by their bits. */
export type WeightArray = Float32Array | Uint16Array;

/** A tensor on the host: row-major elements, whose type is that of their array. */
export interface HostTensor<A extends WeightArray = Float32Array> {
  readonly shape: Shape;
  readonly data: A;
}

/** A model's tensors by their Hugging Face names, in f32, for training, mixing and saving. */
export type Weights = ReadonlyMap<string, HostTensor>;

/** Tensors of a model that is only read, by their Hugging Face names, each in the type that it is stored in. */
export type FrozenWeights = ReadonlyMap<string, HostTensor<WeightArray>>;

/** Weights that do not belong to the model they are loaded into. */
export class WeightsError extends Error {
  override readonly name = "WeightsError";
}

/** A model's tensors on a device, released by its uploader. */
export class DeviceWeights {
  readonly backend: Backend;
  readonly buffers: Readonly<Record<string, DeviceBuffer>>;

  private constructor(backend: Backend, buffers: Readonly<Record<string, DeviceBuffer>>) {
    this.backend = backend;
    this.buffers = buffers;
  }

  /** Copies the weights to the device. */
  static upload(backend: Backend, weights: FrozenWeights): DeviceWeights {
    const buffers = [...weights].map(([name, { shape, data }]) => {
      return [name, backend.allocate({ shape, dtype: dtypeOf(data) }, data)] as const;
    });
    return new DeviceWeights(backend, Object.fromEntries(buffers));
  }

  /** Bindings for a program whose variables carry the prefix. */
  bind(prefix = ""): Readonly<Record<string, DeviceBuffer>> {
    if (prefix === "") return this.buffers;
    return Object.fromEntries(Object.entries(this.buffers).map(([name, buffer]) => [prefix + name, buffer]));
  }

  /** The tensors whose names begin with the prefix, without it; shares and does not own their memory. */
  under(prefix: string): DeviceWeights {
    const own = Object.entries(this.buffers).filter(([name]) => name.startsWith(prefix));
    const bare = own.map(([name, buffer]) => [name.slice(prefix.length), buffer] as const);
    return new DeviceWeights(this.backend, Object.fromEntries(bare));
  }

  /** Replaces the values, name by name. */
  write(weights: FrozenWeights): void {
    for (const [name, buffer] of Object.entries(this.buffers)) {
      const tensor = weights.get(name);
      if (tensor === undefined || !sameShape(tensor.shape, buffer.shape)) {
        throw new WeightsError(`write weights: ${name} [${buffer.shape.join(", ")}] is missing or has another shape`);
      }
      this.backend.write(buffer, tensor.data);
    }
  }

  /** Copies the weights to the host. */
  async read(): Promise<FrozenWeights> {
    const weights = new Map<string, HostTensor<WeightArray>>();
    for (const [name, buffer] of Object.entries(this.buffers)) {
      const data = await this.backend.read(buffer);
      if (data instanceof Int32Array) throw new WeightsError(`read weights: ${name} holds integers`);
      weights.set(name, { shape: buffer.shape, data });
    }
    return weights;
  }

  release(): void {
    for (const buffer of Object.values(this.buffers)) this.backend.release(buffer);
  }
}

/** The same weights in f32, exact. */
export function asF32(weights: FrozenWeights): Weights {
  const tensors = [...weights].map(([name, { shape, data }]) => {
    return [name, { shape, data: data instanceof Uint16Array ? fromBf16(data) : data }] as const;
  });
  return new Map(tensors);
}

/** The weights in bf16, each rounded to nearest; those stored so stay as they are. */
export function asBf16(weights: FrozenWeights): FrozenWeights {
  const tensors = [...weights].map(([name, { shape, data }]) => {
    return [name, { shape, data: data instanceof Float32Array ? toBf16(data) : data }] as const;
  });
  return new Map(tensors);
}

/**
 * The tensors that a model needs, taken from a checkpoint in the model's order; others are left out.
 *
 * @param available - For instance everything in model.safetensors.
 * @param wanted - From {@link parameters}.
 * @throws {WeightsError} naming the first tensor that is missing or has another shape.
 */
export function selectWeights<T extends { readonly shape: Shape }>(
  available: ReadonlyMap<string, T>,
  wanted: ReadonlyMap<string, Shape>,
): ReadonlyMap<string, T> {
  const selected = new Map<string, T>();
  for (const [name, shape] of wanted) {
    const tensor = available.get(name);
    if (tensor === undefined) throw new WeightsError(`load weights: the checkpoint has no tensor ${name}`);
    if (!sameShape(tensor.shape, shape)) {
      const [found, expected] = [tensor.shape.join(", "), shape.join(", ")];
      throw new WeightsError(`load weights: ${name} is [${found}] in the checkpoint, [${expected}] by its config.json`);
    }
    selected.set(name, tensor);
  }
  return selected;
}
