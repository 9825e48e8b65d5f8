import type { DeviceUse } from "../../backend.ts";
import type { ProductLibrary } from "./cublas/library.ts";

/**
 * Address in device memory. 0 is no address. Addresses are numbers like others: `address + 256n` is 256 bytes further
 * on, and lies in the same allocation if that is long enough.
 */
export type DevicePointer = bigint;

/** One argument of a kernel, in the order of its parameters. */
export type Argument =
  | { readonly type: "pointer"; readonly value: DevicePointer }
  | { readonly type: "i32"; readonly value: number }
  | { readonly type: "f32"; readonly value: number }
  | { readonly type: "f64"; readonly value: number }
  | { readonly type: "u64"; readonly value: bigint };

/** Sizes along x, y and z. */
export type Dim3 = readonly [x: number, y: number, z: number];

/** How a kernel is launched. */
export interface Launch {
  /** Blocks: `gridDim`. x below 2^31, y and z below 65,536, none 0. */
  readonly grid: Dim3;
  /** Threads a block: `blockDim`; at most 1,024 in all, none 0. */
  readonly block: Dim3;
  /** Bytes of dynamic shared memory a block; above 48 KiB only after `CudaFunction.allowSharedBytes`. */
  readonly sharedBytes: number;
  readonly args: readonly Argument[];
}

/** Facts about a device that are known without opening it. */
export interface DeviceProperties {
  /** Its number among those that `CUDA_VISIBLE_DEVICES` leaves. */
  readonly index: number;
  /** "NVIDIA H100 80GB HBM3". */
  readonly name: string;
  /** 16 bytes as hexadecimal digits; the same card has the same whatever is visible. */
  readonly uuid: string;
  readonly memoryBytes: number;
  /** Compute capability: [8, 0] is sm_80. */
  readonly capability: readonly [major: number, minor: number];
  readonly multiprocessors: number;
  /** Most dynamic shared memory that a block may have once a kernel allows it. */
  readonly sharedBytesPerBlock: number;
  readonly l2Bytes: number;
}

/** Where the driver's devices are: the real one through libcuda, or an interpreter of PTX in tests. */
export interface Driver {
  /** Newest CUDA version that the driver knows, as it counts: 12040 is 12.4. */
  readonly version: number;
  readonly devices: readonly DeviceProperties[];
  /**
   * Takes a device. Everything that it gives belongs to the calling thread.
   *
   * @throws {DriverError} when there is no such device or it cannot be had.
   */
  open(index: number): CudaDevice;
}

/** Memory of the host that does not move, so that a card copies to it while the host goes on: pinned. */
export interface HostMemory {
  readonly bytes: Uint8Array;
  /** Gives it back; no copy to it may be under way, and `bytes` may not be touched any more. */
  release(): void;
}

/** A queue of copies to the host, beside the device's own: neither waits for the other of itself. */
export interface CopyQueue {
  /** Lets what is queued from here on begin when all before the mark is done. */
  wait(mark: CudaEvent): void;
  /** Queues a copy. To memory that is not pinned it may block, for all that is queued here and for itself. */
  copyToHost(data: Uint8Array, address: DevicePointer): void;
  /** A mark in this queue, after all that was queued so far. */
  record(): CudaEvent;
  /**
   * Resolves when all that was queued so far is done; the thread is free meanwhile.
   *
   * @throws {DriverError} when something queued failed: then the device is lost to this process.
   */
  finish(): Promise<void>;
  /** Ends it; blocks until all that was queued is done. */
  close(): void;
}

/**
 * An open device with one queue. Copies, fills, launches and replays are done one after another in the order of their
 * calls; all but `copyToHost` may return before they are done. A fault on the device shows in a later call.
 */
export interface CudaDevice {
  readonly properties: DeviceProperties;
  /** Bytes of the device that are free now, for every process on it. */
  freeBytes(): number;
  /** How busy the card has been lately, by every process on it; undefined where the driver does not say. */
  load(): CardLoad | undefined;
  /**
   * Takes memory, aligned to 256 bytes. Its contents are undefined.
   *
   * @param bytes - Above 0.
   * @throws {DeviceMemoryError} when there is not so much.
   */
  allocate(bytes: number): DevicePointer;
  /** Gives an allocation back, by the address that `allocate` gave. Waits for work that is under way. */
  free(address: DevicePointer): void;
  /** Copies from the host; the data may be overwritten as soon as this returns. */
  copyToDevice(address: DevicePointer, data: Uint8Array): void;
  /** Copies to the host, after all that was queued before; blocks until it is done. */
  copyToHost(data: Uint8Array, address: DevicePointer): void;
  /**
   * Takes pinned memory of the host.
   *
   * @param bytes - Above 0.
   * @throws {DriverError} when the driver gives none.
   */
  allocateHost(bytes: number): HostMemory;
  /** Opens a queue of copies beside this device's own. */
  openCopyQueue(): CopyQueue;
  /** Lets what is queued from here on begin when all before a mark in another queue is done. */
  wait(mark: CudaEvent): void;
  /** Copies within the device; the two do not overlap. */
  copy(to: DevicePointer, from: DevicePointer, bytes: number): void;
  /** Writes a 32-bit word `count` times. */
  fill(address: DevicePointer, word: number, count: number): void;
  /**
   * Compiles a module from PTX.
   *
   * @param ptx - Text, without a NUL.
   * @throws {PtxError} when the driver does not take it.
   */
  loadModule(ptx: string): CudaModule;
  /**
   * Queues a kernel.
   *
   * @throws {DriverError} when the launch is out of the device's bounds.
   */
  launch(kernel: CudaFunction, launch: Launch): void;
  /**
   * Records instead of doing: what `work` queues by `launch`, `copy` and `fill` becomes a graph. Nothing else may be
   * called meanwhile, and captures do not nest.
   */
  capture(work: () => void): CudaGraph;
  /** Queues all that a graph holds, with the addresses and numbers of its capture. */
  replay(graph: CudaGraph): void;
  /** A mark in the queue, after all that was queued so far. */
  record(): CudaEvent;
  /**
   * Resolves when all that was queued so far is done; the thread is free meanwhile.
   *
   * @throws {DriverError} when something queued failed: then the device is lost to this process.
   */
  finish(): Promise<void>;
  /**
   * Opens a library of matrix products, which works in this device's queue.
   *
   * @param file - cuBLASLt, by its path or the name that the system's loader knows.
   * @throws {DriverError} when it does not start on this device.
   */
  openProducts(file: string): ProductLibrary;
  /** Gives everything back: modules, graphs, events, memory of the device. Copy queues and pinned memory are closed before. */
  close(): void;
}

/** How busy a card is, and what it draws. */
export type CardLoad = Omit<DeviceUse, "freeBytes">;

/** A compiled module. */
export interface CudaModule {
  /**
   * The kernel of a name, as its `.entry` gives it.
   *
   * @throws {DriverError} when there is none.
   */
  getFunction(name: string): CudaFunction;
  unload(): void;
}

/** A kernel. */
export interface CudaFunction {
  readonly name: string;
  /** Registers a thread, 0 where that means nothing. */
  readonly registers: number;
  /** Lets launches have so many bytes of dynamic shared memory. */
  allowSharedBytes(bytes: number): void;
}

/** Work to be queued as a whole. */
export interface CudaGraph {
  release(): void;
}

/** A mark in the queue. */
export interface CudaEvent {
  /** True once all before it is done. */
  isDone(): boolean;
  /** Time on the device between an earlier mark and this, both done, in milliseconds. */
  millisecondsSince(earlier: CudaEvent): number;
  release(): void;
}

/** A call of the driver that failed. */
export class DriverError extends Error {
  override readonly name: string = "DriverError";
  /** Number of the CUresult: 700 is an illegal address. */
  readonly code: number;

  /**
   * @param operation - The one that was tried: "launch matmul".
   * @param code - Of the driver.
   * @param reason - The driver's own text for the code, without a full stop.
   */
  constructor(operation: string, code: number, reason: string) {
    super(`cuda: ${operation}: ${reason} (error ${code})`);
    this.code = code;
  }
}

/** No room on the device for an allocation. */
export class DeviceMemoryError extends DriverError {
  override readonly name = "DeviceMemoryError";
  /** Requested. */
  readonly bytes: number;

  constructor(bytes: number) {
    super(`allocate ${bytes} bytes`, CudaResult.outOfMemory, "out of memory");
    this.bytes = bytes;
  }
}

/** A module that the driver does not take. */
export class PtxError extends DriverError {
  override readonly name = "PtxError";
  /** Output of its compiler, empty where there is none. */
  readonly log: string;

  constructor(code: number, reason: string, log: string) {
    super("load module", code, log === "" ? reason : `${reason}: ${log}`);
    this.log = log;
  }
}

/** A card that stopped working for this process, by a fault of a kernel or of the hardware: all on it is lost. */
export class DeviceLostError extends DriverError {
  override readonly name = "DeviceLostError";

  constructor(operation: string, code: number, reason: string) {
    super(operation, code, reason);
    this.message += "; what was saved is kept: go on with salsa resume, after a restart if the card stays lost";
  }
}

/** A driver that is missing or cannot be used, or a machine without a card; the message says what to do. */
export class DriverUnavailableError extends Error {
  override readonly name = "DriverUnavailableError";
  /** The missing part: "no NVIDIA driver was found". */
  readonly reason: string;
  readonly remedy: string;

  constructor(reason: string, remedy: string, options?: ErrorOptions) {
    super(`cuda: ${reason}; ${remedy}`, options);
    this.reason = reason;
    this.remedy = remedy;
  }
}

/** Results of driver calls that something is made of (cuda.h, `CUresult`). */
export const CudaResult = {
  success: 0,
  invalidValue: 1,
  outOfMemory: 2,
  notInitialized: 3,
  deviceUnavailable: 46,
  noDevice: 100,
  invalidDevice: 101,
  invalidImage: 200,
  invalidContext: 201,
  eccUncorrectable: 214,
  invalidPtx: 218,
  jitCompilerNotFound: 221,
  unsupportedPtxVersion: 222,
  notFound: 500,
  notReady: 600,
  illegalAddress: 700,
  launchOutOfResources: 701,
  launchTimeout: 702,
  misalignedAddress: 716,
  illegalInstruction: 715,
  launchFailed: 719,
  systemNotReady: 802,
  systemDriverMismatch: 803,
  unknown: 999,
} as const;

const SIZES = { pointer: 8, i32: 4, f32: 4, f64: 8, u64: 8 } as const;

/**
 * Lays a kernel's arguments out as its parameters lie in memory: each at the next multiple of its own size, little
 * endian. The offsets are those of the `.param`s in PTX.
 *
 * @returns The bytes that `CU_LAUNCH_PARAM_BUFFER_POINTER` takes.
 */
export function packArguments(args: readonly Argument[]): Uint8Array {
  const offsets: number[] = [];
  let bytes = 0;
  for (const { type } of args) {
    const size = SIZES[type];
    const offset = Math.ceil(bytes / size) * size;
    offsets.push(offset);
    bytes = offset + size;
  }
  const view = new DataView(new ArrayBuffer(bytes));
  for (const [index, arg] of args.entries()) {
    const offset = offsets[index] ?? 0;
    switch (arg.type) {
      case "pointer":
      case "u64":
        view.setBigUint64(offset, arg.value, true);
        break;
      case "i32":
        view.setInt32(offset, arg.value, true);
        break;
      case "f32":
        view.setFloat32(offset, arg.value, true);
        break;
      case "f64":
        view.setFloat64(offset, arg.value, true);
        break;
    }
  }
  return new Uint8Array(view.buffer);
}
