import { type Backend, BindingError, type DeviceBuffer, type Executable, type HostArray } from "../../backend.ts";
import type { Program } from "../../graph/program.ts";
import { type TensorSpec, sizeOf } from "../../graph/tensor.ts";
import { Arena } from "./arena.ts";
import { WasmBuffer, download, upload } from "./buffer.ts";
import { type Device, WasmExecutable } from "./executable.ts";
import { Heap } from "./heap.ts";
import type { Threads } from "./threads.ts";

const BYTES_PER_ELEMENT = 4;

/** Variables, programs and the arena in one shared memory, and the threads that work on it. */
export class WasmBackend implements Backend, Device {
  readonly name = "wasm";
  readonly device: string;
  readonly threads: Threads;
  readonly heap: Heap;
  readonly arena: Arena;
  private readonly buffers = new Set<WasmBuffer>();

  constructor(threads: Threads) {
    this.threads = threads;
    this.device = `wasm, ${threads.count} ${threads.count === 1 ? "thread" : "threads"}`;
    this.heap = new Heap(threads.memory, threads.firstFree, threads.maxPages);
    this.arena = new Arena(this.heap);
  }

  get allocatedBytes(): number {
    return this.heap.allocatedBytes;
  }

  allocate(spec: TensorSpec, data?: HostArray): DeviceBuffer {
    const size = sizeOf(spec.shape);
    const address = this.heap.allocate(size * BYTES_PER_ELEMENT);
    const { memory } = this.threads;
    try {
      if (data === undefined) new Int32Array(memory.buffer, address, size).fill(0);
      else upload(memory, address, spec, data, "allocate");
    } catch (error) {
      this.heap.release(address);
      throw error;
    }
    const buffer = new WasmBuffer(spec, address);
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

  close(): Promise<void> {
    this.buffers.clear();
    return this.threads.close();
  }

  own(buffer: DeviceBuffer): WasmBuffer {
    if (buffer instanceof WasmBuffer && this.buffers.has(buffer)) return buffer;
    throw new BindingError(`wasm: the buffer was released or belongs to another backend (${buffer.backend})`);
  }
}
