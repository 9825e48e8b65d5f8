import {
  CudaResult,
  DeviceMemoryError,
  DriverError,
  PtxError as RefusedPtx,
  packArguments,
  type CopyQueue,
  type CudaDevice,
  type CudaEvent,
  type CudaFunction,
  type CudaGraph,
  type CudaModule,
  type DevicePointer,
  type DeviceProperties,
  type Driver,
  type HostMemory,
  type Launch,
} from "../../engine/compute/backends/cuda/driver.ts";
import type { ProductLibrary } from "../../engine/compute/backends/cuda/cublas/library.ts";
import { launch } from "./blocks.ts";
import { CopySide, PastEvent } from "./copyQueue.ts";
import { PtxError } from "./errors.ts";
import * as layout from "./layout.ts";
import { Machine, type Loaded, type Ready } from "./machine.ts";
import { PlayedProducts } from "./playedProducts.ts";

/** Dynamic shared memory that a kernel may have without asking. */
const PLAIN_SHARED = 48 * 1024;

const PROPERTIES: DeviceProperties = {
  index: 0,
  name: "PTX interpreter",
  uuid: "0".repeat(32),
  memoryBytes: layout.HEAP + layout.HEAP_SIZE - layout.GLOBAL,
  capability: [8, 0],
  multiprocessors: 2,
  sharedBytesPerBlock: layout.SHARED_LIMIT,
  l2Bytes: 1 << 20,
};

/** A driver whose one device interprets PTX and checks every access, as compute-sanitizer would. For tests. */
export const interpreter: Driver = {
  version: 11080,
  devices: [PROPERTIES],
  open: (index) => {
    if (index !== 0) throw new DriverError(`open device ${index}`, CudaResult.invalidDevice, "invalid device ordinal");
    return new InterpretedDevice();
  },
};

class InterpretedModule implements CudaModule {
  readonly loaded: Loaded;
  readonly #machine: Machine;

  constructor(machine: Machine, loaded: Loaded) {
    this.#machine = machine;
    this.loaded = loaded;
  }

  getFunction(name: string): InterpretedFunction {
    if (this.loaded.module.functions.get(name)?.entry !== true) {
      throw new DriverError(`get kernel ${name}`, CudaResult.notFound, "named symbol not found");
    }
    return new InterpretedFunction(this.#machine.ready(this.loaded, name));
  }

  unload(): void {
    for (const address of this.loaded.globals.values()) this.#machine.memory.release(address);
  }
}

class InterpretedFunction implements CudaFunction {
  readonly name: string;
  readonly registers = 0;
  readonly ready: Ready;
  #allowed = PLAIN_SHARED;

  constructor(ready: Ready) {
    this.ready = ready;
    this.name = ready.kernel.name;
  }

  allowSharedBytes(bytes: number): void {
    if (bytes > layout.SHARED_LIMIT) {
      throw new DriverError(`allow ${bytes} bytes of shared memory`, CudaResult.invalidValue, "invalid argument");
    }
    this.#allowed = bytes;
  }

  /** Checks what a driver checks before it queues a launch. */
  check({ grid, block, sharedBytes }: Launch): void {
    const threads = block.reduce((product, size) => product * size, 1);
    const sizes = [...grid, ...block];
    const fits =
      sizes.every((size) => Number.isInteger(size) && size > 0) &&
      grid[0] < 2 ** 31 &&
      Math.max(grid[1], grid[2]) < 65_536 &&
      threads <= 1024 &&
      block[2] <= 64 &&
      sharedBytes <= Math.max(this.#allowed, PLAIN_SHARED);
    if (!fits) throw new DriverError(`launch ${this.name}`, CudaResult.invalidValue, "invalid argument");
  }
}

interface RecordedGraph extends CudaGraph {
  readonly work: readonly (() => void)[];
}

/** Does everything at once: what its queue would do later is done when it is asked for. Copies beside it come late. */
class InterpretedDevice implements CudaDevice {
  readonly properties = PROPERTIES;
  readonly #machine = new Machine();
  #recording: (() => void)[] | null = null;
  /** Whatever has been queued so far. */
  #calls = 0;
  readonly #copies = new CopySide(this.#machine.memory, () => this.#calls);

  freeBytes(): number {
    return this.#machine.memory.free;
  }

  load(): undefined {
    return undefined;
  }

  allocate(bytes: number): DevicePointer {
    this.#notRecording("allocate");
    if (!Number.isInteger(bytes) || bytes <= 0)
      throw new DriverError(`allocate ${bytes} bytes`, CudaResult.invalidValue, "invalid argument");
    const address = this.#machine.memory.allocate(bytes);
    if (address === null) throw new DeviceMemoryError(bytes);
    return address;
  }

  free(address: DevicePointer): void {
    this.#notRecording("free");
    this.#machine.memory.release(address);
  }

  copyToDevice(address: DevicePointer, data: Uint8Array): void {
    this.#notRecording("copy to the device");
    this.#calls++;
    const { memory } = this.#machine;
    const at = memory.host(address, data.length, "copy to the device", { written: false });
    memory.bytes.set(data, at);
    memory.stamp(at, data.length, layout.STAMPS.host);
  }

  copyToHost(data: Uint8Array, address: DevicePointer): void {
    this.#notRecording("copy to the host");
    const { memory } = this.#machine;
    const at = memory.host(address, data.length, "copy to the host", { written: true });
    data.set(memory.bytes.subarray(at, at + data.length));
  }

  allocateHost(bytes: number): HostMemory {
    this.#notRecording("pin memory");
    return this.#copies.allocateHost(bytes);
  }

  openCopyQueue(): CopyQueue {
    this.#notRecording("open a queue of copies");
    return this.#copies.openQueue();
  }

  wait(mark: CudaEvent): void {
    this.#notRecording("wait for an event");
    this.#copies.waitFor(mark);
  }

  copy(to: DevicePointer, from: DevicePointer, bytes: number): void {
    const { memory } = this.#machine;
    this.#queue(() => {
      const source = memory.host(from, bytes, "copy", { written: true });
      const target = memory.host(to, bytes, "copy", { written: false });
      if (Math.abs(source - target) < bytes) throw new PtxError("copy: source and target overlap");
      memory.bytes.copyWithin(target, source, source + bytes);
      memory.stamp(target, bytes, layout.STAMPS.host);
    });
  }

  fill(address: DevicePointer, word: number, count: number): void {
    const { memory } = this.#machine;
    this.#queue(() => {
      const at = memory.host(address, 4 * count, "fill", { written: false });
      if (at % 4 !== 0) throw new PtxError("fill: the address is no multiple of 4");
      memory.words.fill(word, at / 4, at / 4 + count);
      memory.stamp(at, 4 * count, layout.STAMPS.host);
    });
  }

  loadModule(ptx: string): CudaModule {
    this.#notRecording("load a module");
    try {
      return new InterpretedModule(this.#machine, this.#machine.load(ptx));
    } catch (error) {
      if (error instanceof PtxError)
        throw new RefusedPtx(CudaResult.invalidPtx, "a PTX JIT compilation failed", error.message);
      throw error;
    }
  }

  launch(kernel: CudaFunction, asked: Launch): void {
    if (!(kernel instanceof InterpretedFunction)) throw new PtxError(`${kernel.name} is another driver's kernel`);
    kernel.check(asked);
    const packed = packArguments(asked.args);
    const { grid, block, sharedBytes } = asked;
    this.#queue(() => launch(this.#machine, kernel.ready, { grid, block, sharedBytes }, packed));
  }

  capture(work: () => void): CudaGraph {
    this.#notRecording("capture");
    const recorded: (() => void)[] = [];
    this.#recording = recorded;
    try {
      work();
    } finally {
      this.#recording = null;
    }
    const graph: RecordedGraph = { work: recorded, release: () => void recorded.splice(0) };
    return graph;
  }

  replay(graph: CudaGraph): void {
    this.#notRecording("replay");
    this.#calls++;
    for (const one of (graph as RecordedGraph).work) one();
  }

  openProducts(): ProductLibrary {
    this.#notRecording("open a library");
    return new PlayedProducts(
      this.#machine.memory,
      (work) => this.#queue(work),
      (operation) => this.#notRecording(operation),
    );
  }

  record(): CudaEvent {
    this.#notRecording("record an event");
    return new PastEvent(this.#calls);
  }

  finish(): Promise<void> {
    this.#notRecording("finish");
    return Promise.resolve();
  }

  close(): void {
    // The device's memory goes with the object.
    this.#copies.assertClosed();
  }

  #queue(work: () => void): void {
    if (this.#recording !== null) {
      this.#recording.push(work);
      return;
    }
    this.#calls++;
    work();
  }

  #notRecording(operation: string): void {
    if (this.#recording !== null) {
      throw new DriverError(operation, CudaResult.unknown, "not permitted while a graph is captured");
    }
  }
}
