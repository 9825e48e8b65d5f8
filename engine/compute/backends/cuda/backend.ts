import {
  type Backend,
  BindingError,
  type DeviceBuffer,
  type DeviceUse,
  type Executable,
  type HostArray,
  type HostCopies,
  type Limits,
  type MemoryUse,
  checkHostData,
} from "../../backend.ts";
import type { WeightType } from "../../graph/dtype.ts";
import type { Program } from "../../graph/program.ts";
import { type TensorSpec, bytesOf } from "../../graph/tensor.ts";
import { Arena } from "../arena.ts";
import { CudaBuffer, download, upload } from "./buffer.ts";
import { CudaCopies } from "./copies.ts";
import type { ProductLibrary } from "./cublas/library.ts";
import type { CudaDevice, DevicePointer } from "./driver.ts";
import { CudaExecutable, FAULT_WORDS, type Owner } from "./executable.ts";
import { LOGITS_HELD } from "./encode.ts";
import { Kernels } from "./kernels.ts";
import { DeviceMemory } from "./memory.ts";

/**
 * A card that waits for the host has nothing to do: until the host has heard of the end, read, thought and queued the
 * next run, which takes in the order of 0.1 ms, a fifth of a step of decoding 135M parameters. Of n steps at a time, a
 * batch of 256 tokens pays for 256 / n waits, and for some n / 2 steps behind its last token: n of about 10 makes the sum
 * least. Planned, not measured; 16 is still near it where responses are longer, or hosts slower.
 */
export const RUNS_AT_A_TIME = 16;

/** How the backend works. */
export interface CudaSettings {
  /** Backends that hold more, for advice when memory runs out. */
  readonly roomier?: readonly string[];
  /** Precision that models compute with; f32 unless given. */
  readonly precision?: WeightType;
  /** A cuBLASLt for matrix products, by its path or the name that the system's loader knows; our own kernels unless given. */
  readonly cublas?: string | undefined;
  /** Logits that ops over the vocabulary hold at a time: 64 MiB of them unless given. Results depend on it by rounding. */
  readonly logitsHeld?: number;
}

/** Variables, programs and the arena in the memory of one card. */
export class CudaBackend implements Backend, Owner {
  readonly name = "cuda";
  readonly precision: WeightType;
  readonly device: CudaDevice;
  readonly heap: DeviceMemory;
  readonly arena: Arena<DevicePointer>;
  readonly kernels: Kernels;
  readonly fault: DevicePointer;
  readonly logitsHeld: number;
  readonly products: ProductLibrary | undefined;
  readonly runsAtATime = RUNS_AT_A_TIME;
  private readonly buffers = new Set<CudaBuffer>();
  private readonly copied = new Set<CudaCopies>();

  constructor(
    device: CudaDevice,
    { roomier = [], precision = "f32", cublas, logitsHeld = LOGITS_HELD }: CudaSettings = {},
  ) {
    this.device = device;
    this.precision = precision;
    this.heap = new DeviceMemory(device, roomier);
    this.arena = new Arena(this.heap, 0n);
    this.kernels = new Kernels(device);
    this.logitsHeld = logitsHeld;
    this.products = cublas === undefined ? undefined : device.openProducts(cublas);
    this.fault = device.allocate(FAULT_WORDS * 4);
    device.fill(this.fault, 0, FAULT_WORDS);
  }

  get limits(): Limits {
    return this.heap.limits;
  }

  get memory(): MemoryUse {
    return this.heap.use;
  }

  use(): DeviceUse {
    return { freeBytes: this.device.freeBytes(), ...this.device.load() };
  }

  /** Kernels are chosen by types and sizes of a row alone, and none sums in an order that depends on the row's place. */
  fewestRows(): number {
    return 1;
  }

  allocate(spec: TensorSpec, data?: HostArray): DeviceBuffer {
    if (data !== undefined) checkHostData("allocate", spec, data);
    const buffer = this.reserve(spec);
    // Memory is given out in multiples of four bytes.
    if (data === undefined) this.device.fill(buffer.address, 0, Math.ceil(bytesOf(spec) / 4));
    else upload(this.device, buffer.address, data);
    return buffer;
  }

  reserve(spec: TensorSpec): CudaBuffer {
    const buffer = new CudaBuffer(spec, this.heap.allocate(bytesOf(spec)));
    this.buffers.add(buffer);
    return buffer;
  }

  write(buffer: DeviceBuffer, data: HostArray): void {
    const own = this.own(buffer);
    checkHostData("write", own, data);
    this.beforeChange([own.address]);
    upload(this.device, own.address, data);
  }

  read(buffer: DeviceBuffer): Promise<HostArray> {
    return new Promise((resolve) => {
      const own = this.own(buffer);
      resolve(download(this.device, own.address, own));
    });
  }

  copies(): HostCopies {
    const copies = new CudaCopies(this, () => this.copied.delete(copies));
    this.copied.add(copies);
    return copies;
  }

  beforeChange(addresses: Iterable<DevicePointer>): void {
    for (const copies of this.copied) copies.beforeChange(addresses);
  }

  release(buffer: DeviceBuffer): void {
    const own = this.own(buffer);
    this.beforeChange([own.address]);
    this.buffers.delete(own);
    this.heap.release(own.address);
  }

  compile(program: Program): Executable {
    return new CudaExecutable(this, program);
  }

  rest(): void {
    this.arena.rest();
  }

  close(): Promise<void> {
    for (const copies of this.copied) copies.release();
    this.buffers.clear();
    return new Promise((resolve) => {
      this.products?.close();
      this.device.close();
      resolve();
    });
  }

  own(buffer: DeviceBuffer): CudaBuffer {
    if (buffer instanceof CudaBuffer && this.buffers.has(buffer)) return buffer;
    throw new BindingError(`cuda: the buffer was released or belongs to another backend (${buffer.backend})`);
  }
}
