import {
  type Backend,
  BindingError,
  type DeviceBuffer,
  type Executable,
  type HostArray,
  type Limits,
  type MemoryUse,
} from "../../backend.ts";
import type { Program } from "../../graph/program.ts";
import { type TensorSpec, bytesOf } from "../../graph/tensor.ts";
import { Arena } from "../arena.ts";
import { WasmBuffer, download, upload } from "./buffer.ts";
import { type ExecutableServices, WasmExecutable } from "./executable.ts";
import { Heap } from "./heap.ts";
import { MAX_THREADS } from "./layout.ts";
import type { Threads } from "./threads.ts";

/** As in assembly/matmul.ts. */
const FEW_ROWS = 16;

/** Variables, programs and the arena in one shared memory, and the threads that work on it. */
export class WasmBackend implements Backend, ExecutableServices {
  readonly name = "wasm";
  readonly precision = "f32";
  readonly limits: Limits;
  readonly runsAtATime = 1;
  readonly threads: Threads;
  readonly heap: Heap;
  readonly arena: Arena<number>;
  private readonly buffers = new Set<WasmBuffer>();

  /** `roomier` names backends that hold more, for advice when memory runs out. */
  constructor(threads: Threads, roomier: readonly string[]) {
    this.threads = threads;
    const { memory, firstFree: base, maxPages } = threads;
    this.heap = new Heap(memory, { base, maxPages, roomier });
    this.limits = { ...this.heap.limits, maxThreads: MAX_THREADS };
    this.arena = new Arena(this.heap, 0);
  }

  get memory(): MemoryUse {
    return this.heap.use;
  }

  /** Up to so many rows, a product is summed as dot products are; with more, as tiles are. */
  fewestRows(rows: number): number {
    return rows <= FEW_ROWS ? 1 : FEW_ROWS + 1;
  }

  allocate(spec: TensorSpec, data?: HostArray): DeviceBuffer {
    const buffer = this.reserve(spec);
    const { memory } = this.threads;
    try {
      if (data === undefined) new Uint8Array(memory.buffer, buffer.address, bytesOf(spec)).fill(0);
      else upload(memory, buffer.address, spec, data, "allocate");
    } catch (error) {
      this.release(buffer);
      throw error;
    }
    return buffer;
  }

  reserve(spec: TensorSpec): WasmBuffer {
    const buffer = new WasmBuffer(spec, this.heap.allocate(bytesOf(spec)));
    this.buffers.add(buffer);
    return buffer;
  }

  write(buffer: DeviceBuffer, data: HostArray): void {
    const own = this.own(buffer);
    upload(this.threads.memory, own.address, own, data, "write");
  }

  read(buffer: DeviceBuffer): Promise<HostArray> {
    return new Promise((resolve) => {
      const own = this.own(buffer);
      resolve(download(this.threads.memory, own.address, own));
    });
  }

  release(buffer: DeviceBuffer): void {
    const own = this.own(buffer);
    this.buffers.delete(own);
    this.heap.release(own.address);
  }

  compile(program: Program): Executable {
    return new WasmExecutable(this, program);
  }

  rest(): void {
    this.arena.rest();
  }

  close(): Promise<void> {
    this.buffers.clear();
    return this.threads.close();
  }

  own(buffer: DeviceBuffer): WasmBuffer {
    if (buffer instanceof WasmBuffer && this.buffers.has(buffer)) return buffer;
    throw new BindingError(`wasm: the buffer was released or belongs to another backend (${buffer.backend})`);
  }
}
