import type { Backend, DeviceBuffer, HostArray } from "../compute/backend.ts";
import { type DType, type WeightType, dtypeOf, fromBf16, toBf16 } from "../compute/graph/dtype.ts";
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

/** Tensors one after the other: a map of them, or one that is handed over. */
export type TensorStream<A extends WeightArray = WeightArray> = Iterable<
  readonly [name: string, tensor: HostTensor<A>]
>;

/** A tensor whose numbers are fetched when they are asked for, so that not all need be on the host at a time. */
export interface FetchedTensor {
  readonly shape: Shape;
  /** Where it is; absent for one that the host holds. */
  readonly deviceBuffer?: DeviceBuffer;
  /** Fetches it from there, or from copies of what is there. */
  readonly data: (from?: Pick<Backend, "read">) => Promise<Float32Array>;
}

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

  /** Takes over buffers that are on the device already. */
  static of(backend: Backend, buffers: ReadonlyMap<string, DeviceBuffer>): DeviceWeights {
    return new DeviceWeights(backend, Object.fromEntries(buffers));
  }

  /**
   * Copies a model's weights to the device: matrices in their own type, but rounded for a backend that computes in bf16;
   * vectors, which are few, in f32, which programs would otherwise make of them in every run.
   */
  static upload(backend: Backend, weights: TensorStream, compute = backend.precision): DeviceWeights {
    const buffers = new Map<string, DeviceBuffer>();
    // One by one: a stream may let go of each once it is here.
    for (const [name, tensor] of weights) buffers.set(name, placed(backend, tensor, compute));
    return DeviceWeights.of(backend, buffers);
  }

  /** {@link upload} of tensors that are read meanwhile; where one cannot be, or has no room, those before it are released. */
  static async read(
    backend: Backend,
    weights: AsyncIterable<readonly [name: string, tensor: HostTensor<WeightArray>]>,
  ): Promise<DeviceWeights> {
    const buffers = new Map<string, DeviceBuffer>();
    try {
      for await (const [name, tensor] of weights) buffers.set(name, placed(backend, tensor, backend.precision));
    } catch (error) {
      DeviceWeights.of(backend, buffers).release();
      throw error;
    }
    return DeviceWeights.of(backend, buffers);
  }

  /** Zeros in f32, made on the device. */
  static zeros(backend: Backend, shapes: ReadonlyMap<string, Shape>): DeviceWeights {
    const buffers = [...shapes].map(([name, shape]) => [name, backend.allocate({ shape, dtype: "f32" })] as const);
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

  /** These tensors and another's; shares and does not own their memory. */
  and(other: DeviceWeights): DeviceWeights {
    return new DeviceWeights(this.backend, { ...this.buffers, ...other.buffers });
  }

  /** Replaces the values, name by name. */
  write(weights: FrozenWeights): void {
    for (const [name, buffer] of Object.entries(this.buffers)) {
      const tensor = weights.get(name);
      if (tensor === undefined || !sameShape(tensor.shape, buffer.shape)) {
        throw new WeightsError(`write weights: ${name} [${buffer.shape.join(", ")}] is missing or has another shape`);
      }
      const { data } = tensor;
      this.backend.write(buffer, inType(data, buffer.dtype));
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

  /** The tensors for saving, in f32: each is copied to the host when its turn comes. */
  fetched(): ReadonlyMap<string, FetchedTensor> {
    const tensors = Object.entries(this.buffers).map(([name, buffer]) => {
      const data: FetchedTensor["data"] = async (from = this.backend) => f32Of(name, await from.read(buffer));
      return [name, { shape: buffer.shape, deviceBuffer: buffer, data }] as const;
    });
    return new Map(tensors);
  }

  release(): void {
    for (const buffer of Object.values(this.buffers)) this.backend.release(buffer);
  }
}

function placed(backend: Backend, { shape, data }: HostTensor<WeightArray>, compute: WeightType): DeviceBuffer {
  const isNarrow = isRounded(shape) && (compute === "bf16" || data instanceof Uint16Array);
  const held = inType(data, isNarrow ? "bf16" : "f32");
  return backend.allocate({ shape, dtype: dtypeOf(held) }, held);
}

/** True for weights that a model which computes in bf16 reads in bf16: the matrices. Vectors are few, and are held in f32. */
export function isRounded(shape: Shape): boolean {
  return shape.length > 1;
}

/** The numbers in a type, rounded where it is the narrower. */
function inType(data: WeightArray, type: DType): WeightArray {
  if (type === "bf16") return data instanceof Float32Array ? toBf16(data) : data;
  return data instanceof Uint16Array ? fromBf16(data) : data;
}

function f32Of(name: string, data: HostArray): Float32Array {
  if (data instanceof Int32Array) throw new WeightsError(`read weights: ${name} holds integers`);
  return data instanceof Uint16Array ? fromBf16(data) : data;
}

/**
 * Gives tensors to a device and frees them: each as soon as the next is asked for, those in one block at the end.
 * The map is empty afterwards, and others who hold one of its arrays find it empty.
 */
export function* handOver<A extends WeightArray>(
  weights: Map<string, HostTensor<A>>,
): Generator<readonly [name: string, tensor: HostTensor<A>], undefined> {
  const shared = new Set<ArrayBufferLike>();
  for (const [name, tensor] of weights) {
    yield [name, tensor];
    weights.delete(name);
    const { buffer, byteLength } = tensor.data;
    if (buffer.byteLength === byteLength) free(buffer);
    else shared.add(buffer);
  }
  for (const buffer of shared) free(buffer);
}

/** Frees memory now, not when the collector comes by: nothing reminds it of what is outside its heap. */
function free(buffer: ArrayBufferLike): void {
  // Node 20 has no transfer, and waits for the collector.
  if (buffer instanceof ArrayBuffer) (buffer as Partial<Movable>).transfer?.(0);
}

interface Movable {
  /** Moves the content to a new buffer of that length, and leaves this one empty. */
  transfer(length: number): ArrayBuffer;
}

/** The same weights in f32, exact. */
export function asF32(weights: FrozenWeights): Weights {
  const tensors = [...weights].map(([name, { shape, data }]) => {
    return [name, { shape, data: data instanceof Uint16Array ? fromBf16(data) : data }] as const;
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
): Map<string, T> {
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
