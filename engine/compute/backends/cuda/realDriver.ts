import { setImmediate, setTimeout } from "node:timers/promises";
import {
  type CudaDevice,
  type CudaEvent,
  type CudaFunction,
  type CudaGraph,
  type CudaModule,
  CudaResult,
  DeviceMemoryError,
  type DevicePointer,
  type DeviceProperties,
  type Driver,
  DriverError,
  DriverUnavailableError,
  type Launch,
  PtxError,
  packArguments,
} from "./driver.ts";
import { LibCuda, textOf } from "./libcuda.ts";

/** Numbers of cuda.h. */
const ATTRIBUTE = { multiprocessors: 16, l2Bytes: 38, major: 75, minor: 76, sharedBytes: 97, pools: 115 } as const;
const FUNCTION_ATTRIBUTE = { registers: 4, dynamicSharedBytes: 8 } as const;
const POOL_RELEASE_THRESHOLD = 4;
const STREAM_NON_BLOCKING = 1;
const CAPTURE_THREAD_LOCAL = 1;
const EVENT_DEFAULT = 0;
const JIT_ERROR_LOG = 5;
const JIT_ERROR_LOG_BYTES = 6;
/** Of launches: where the packed arguments are, and where their size is. */
const LAUNCH_POINTER = 1n;
const LAUNCH_SIZE = 2n;

/** Oldest driver that takes our PTX: that of CUDA 11.8. */
const LEAST_VERSION = 11_080;
/** Most bytes of a kernel's arguments, by the driver's own limit. */
const MOST_ARGUMENT_BYTES = 4096;
const LOG_BYTES = 16_384;
/** Longest name of a device. */
const NAME_BYTES = 256;
/** Waiting begins with turns of the event loop; after so many milliseconds it sleeps between looks. */
const BUSY_MS = 2;

/**
 * The driver of this machine.
 *
 * @param file - Name or path of the library; the driver's own unless given.
 * @throws {DriverUnavailableError} when there is none, it is too old, or there is no card.
 */
export function loadDriver(file?: string): Driver {
  const cuda = new LibCuda(file);
  const code = cuda.try("cuInit", 0);
  if (code !== CudaResult.success) throw unavailable(code, cuda.reason(code));
  const version = cuda.getInt("ask for the version", "cuDriverGetVersion");
  if (version < LEAST_VERSION) {
    const known = `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
    const reason = `the NVIDIA driver is too old: it knows CUDA ${known}, and the kernels take 11.8`;
    throw new DriverUnavailableError(reason, "install version 520 of the driver or a newer one");
  }
  const count = cuda.getInt("count devices", "cuDeviceGetCount");
  const devices = Array.from({ length: count }, (_, index) => propertiesOf(cuda, index));
  return {
    version,
    devices,
    open(index) {
      const properties = devices[index];
      if (properties === undefined) throw cuda.error(`open device ${index}`, CudaResult.invalidDevice);
      return new RealDevice(cuda, properties);
    },
  };
}

function unavailable(code: number, reason: string): DriverUnavailableError {
  switch (code) {
    case CudaResult.noDevice:
      return new DriverUnavailableError(
        "there is no NVIDIA card, or CUDA_VISIBLE_DEVICES hides it",
        "empty CUDA_VISIBLE_DEVICES; in a container, start it with --gpus all",
      );
    case CudaResult.systemDriverMismatch:
      return new DriverUnavailableError(
        "the NVIDIA driver's library and its kernel module are of different versions",
        "restart the machine, which loads the module that was installed last",
      );
    default:
      return new DriverUnavailableError(
        `the NVIDIA driver does not start: ${reason} (error ${code})`,
        "see whether nvidia-smi works",
      );
  }
}

function propertiesOf(cuda: LibCuda, index: number): DeviceProperties {
  const what = `look at device ${index}`;
  const device = cuda.getInt(what, "cuDeviceGet", index);
  const attribute = (number: number): number => cuda.getInt(what, "cuDeviceGetAttribute", number, device);
  const name = new Uint8Array(NAME_BYTES);
  cuda.call(what, "cuDeviceGetName", name, NAME_BYTES, device);
  const uuid = new Uint8Array(16);
  cuda.call(what, "cuDeviceGetUuid_v2", uuid, device);
  return {
    index,
    name: textOf(name),
    uuid: Buffer.from(uuid).toString("hex"),
    memoryBytes: Number(cuda.get(what, "cuDeviceTotalMem_v2", device)),
    capability: [attribute(ATTRIBUTE.major), attribute(ATTRIBUTE.minor)],
    multiprocessors: attribute(ATTRIBUTE.multiprocessors),
    sharedBytesPerBlock: attribute(ATTRIBUTE.sharedBytes),
    l2Bytes: attribute(ATTRIBUTE.l2Bytes),
  };
}

/** Memory of the system's in which launches leave their arguments; its address does not change. */
class LaunchRoom {
  /** `[LAUNCH_POINTER, arguments, LAUNCH_SIZE, size, 0]`, the size, the arguments. */
  readonly extra: bigint;
  private readonly words: BigUint64Array;
  private readonly bytes: Uint8Array;
  private readonly cuda: LibCuda;

  constructor(cuda: LibCuda) {
    this.cuda = cuda;
    const [sizeAt, argumentsAt] = [40, 48];
    this.extra = cuda.koffi.alloc("uint64_t", (argumentsAt + MOST_ARGUMENT_BYTES) / 8);
    const memory = cuda.koffi.view(this.extra, argumentsAt + MOST_ARGUMENT_BYTES);
    this.words = new BigUint64Array(memory, 0, argumentsAt / 8);
    this.bytes = new Uint8Array(memory, argumentsAt);
    this.words.set([LAUNCH_POINTER, this.extra + BigInt(argumentsAt), LAUNCH_SIZE, this.extra + BigInt(sizeAt), 0n]);
  }

  put(packed: Uint8Array): void {
    this.bytes.set(packed);
    this.words[5] = BigInt(packed.length);
  }

  release(): void {
    this.cuda.koffi.free(this.extra);
  }
}

class RealModule implements CudaModule {
  private readonly cuda: LibCuda;
  private readonly handle: bigint;

  constructor(cuda: LibCuda, handle: bigint) {
    this.cuda = cuda;
    this.handle = handle;
  }

  getFunction(name: string): CudaFunction {
    return new RealFunction(
      this.cuda,
      name,
      this.cuda.get(`get kernel ${name}`, "cuModuleGetFunction", this.handle, name),
    );
  }

  unload(): void {
    this.cuda.call("unload a module", "cuModuleUnload", this.handle);
  }
}

class RealFunction implements CudaFunction {
  readonly name: string;
  readonly registers: number;
  readonly handle: bigint;
  private readonly cuda: LibCuda;

  constructor(cuda: LibCuda, name: string, handle: bigint) {
    this.cuda = cuda;
    this.name = name;
    this.handle = handle;
    this.registers = cuda.getInt(`look at ${name}`, "cuFuncGetAttribute", FUNCTION_ATTRIBUTE.registers, handle);
  }

  allowSharedBytes(bytes: number): void {
    const what = `allow ${this.name} ${bytes} bytes of shared memory`;
    this.cuda.call(what, "cuFuncSetAttribute", this.handle, FUNCTION_ATTRIBUTE.dynamicSharedBytes, bytes);
  }
}

class RealGraph implements CudaGraph {
  readonly handle: bigint;
  private readonly cuda: LibCuda;

  constructor(cuda: LibCuda, handle: bigint) {
    this.cuda = cuda;
    this.handle = handle;
  }

  release(): void {
    this.cuda.call("release a graph", "cuGraphExecDestroy", this.handle);
  }
}

class RealEvent implements CudaEvent {
  readonly handle: bigint;
  private readonly cuda: LibCuda;

  constructor(cuda: LibCuda, handle: bigint) {
    this.cuda = cuda;
    this.handle = handle;
  }

  isDone(): boolean {
    const code = this.cuda.try("cuEventQuery", this.handle);
    if (code === CudaResult.notReady) return false;
    if (code !== CudaResult.success) throw this.cuda.error("wait for the device", code);
    return true;
  }

  millisecondsSince(earlier: CudaEvent): number {
    if (!(earlier instanceof RealEvent)) throw new TypeError("cuda: the event is another driver's");
    const milliseconds = new Float32Array(1);
    this.cuda.call("compare events", "cuEventElapsedTime", milliseconds, earlier.handle, this.handle);
    return milliseconds[0] ?? 0;
  }

  release(): void {
    this.cuda.call("release an event", "cuEventDestroy_v2", this.handle);
  }
}

class RealDevice implements CudaDevice {
  readonly properties: DeviceProperties;
  private readonly cuda: LibCuda;
  private readonly device: number;
  private readonly stream: bigint;
  private readonly room: LaunchRoom;
  private readonly modules = new Set<RealModule>();
  private readonly allocations = new Set<DevicePointer>();

  constructor(cuda: LibCuda, properties: DeviceProperties) {
    const what = `open device ${properties.index}`;
    this.cuda = cuda;
    this.properties = properties;
    this.device = cuda.getInt(what, "cuDeviceGet", properties.index);
    const context = cuda.get(what, "cuDevicePrimaryCtxRetain", this.device);
    cuda.call(what, "cuCtxSetCurrent", context);
    this.stream = cuda.get(what, "cuStreamCreate", STREAM_NON_BLOCKING);
    if (cuda.getInt(what, "cuDeviceGetAttribute", ATTRIBUTE.pools, this.device) === 0) {
      throw new DriverError(what, CudaResult.invalidDevice, "it has no memory pools");
    }
    // What is given back stays with this process: taking it again then costs nothing.
    const pool = cuda.get(what, "cuDeviceGetDefaultMemPool", this.device);
    cuda.call(what, "cuMemPoolSetAttribute", pool, POOL_RELEASE_THRESHOLD, BigUint64Array.of(2n ** 64n - 1n));
    this.room = new LaunchRoom(cuda);
  }

  freeBytes(): number {
    const total = new BigUint64Array(1);
    return Number(this.cuda.get("ask for free memory", "cuMemGetInfo_v2", total));
  }

  allocate(bytes: number): DevicePointer {
    const result = new BigUint64Array(1);
    const code = this.cuda.try("cuMemAllocAsync", result, bytes, this.stream);
    if (code === CudaResult.outOfMemory) throw new DeviceMemoryError(bytes);
    if (code !== CudaResult.success) throw this.cuda.error(`allocate ${bytes} bytes`, code);
    const [address = 0n] = result;
    this.allocations.add(address);
    return address;
  }

  free(address: DevicePointer): void {
    this.cuda.call("free memory", "cuMemFreeAsync", address, this.stream);
    this.allocations.delete(address);
  }

  copyToDevice(address: DevicePointer, data: Uint8Array): void {
    if (data.length === 0) return;
    this.cuda.call("copy to the device", "cuMemcpyHtoDAsync_v2", address, data, data.length, this.stream);
  }

  copyToHost(data: Uint8Array, address: DevicePointer): void {
    if (data.length === 0) return;
    this.cuda.call("copy to the host", "cuMemcpyDtoHAsync_v2", data, address, data.length, this.stream);
    this.cuda.call("copy to the host", "cuStreamSynchronize", this.stream);
  }

  copy(to: DevicePointer, from: DevicePointer, bytes: number): void {
    this.cuda.call("copy", "cuMemcpyDtoDAsync_v2", to, from, bytes, this.stream);
  }

  fill(address: DevicePointer, word: number, count: number): void {
    this.cuda.call("fill", "cuMemsetD32Async", address, word >>> 0, count, this.stream);
  }

  loadModule(ptx: string): CudaModule {
    const { koffi } = this.cuda;
    const log = koffi.alloc("uint8_t", LOG_BYTES);
    try {
      const result = new BigUint64Array(1);
      const bytes = new Uint8Array(koffi.view(log, LOG_BYTES));
      bytes[0] = 0;
      const options = Int32Array.of(JIT_ERROR_LOG, JIT_ERROR_LOG_BYTES);
      const values = BigUint64Array.of(log, BigInt(LOG_BYTES));
      const image = new TextEncoder().encode(`${ptx}\0`);
      const code = this.cuda.try("cuModuleLoadDataEx", result, image, options.length, options, values);
      if (code !== CudaResult.success) throw refused(code, this.cuda.reason(code), textOf(bytes).trim());
      const module = new RealModule(this.cuda, result[0] ?? 0n);
      this.modules.add(module);
      return module;
    } finally {
      koffi.free(log);
    }
  }

  launch(kernel: CudaFunction, { grid, block, sharedBytes, args }: Launch): void {
    if (!(kernel instanceof RealFunction)) throw new TypeError(`cuda: ${kernel.name} is another driver's kernel`);
    this.room.put(packArguments(args));
    const { extra } = this.room;
    const what = `launch ${kernel.name}`;
    this.cuda.call(what, "cuLaunchKernel", kernel.handle, ...grid, ...block, sharedBytes, this.stream, 0n, extra);
  }

  capture(work: () => void): CudaGraph {
    const { cuda, stream } = this;
    cuda.call("begin a capture", "cuStreamBeginCapture_v2", stream, CAPTURE_THREAD_LOCAL);
    const result = new BigUint64Array(1);
    try {
      work();
    } finally {
      // Also after an error: the queue would stay in the capture.
      cuda.call("end a capture", "cuStreamEndCapture", stream, result);
    }
    const [graph = 0n] = result;
    try {
      return new RealGraph(cuda, cuda.get("prepare a graph", "cuGraphInstantiateWithFlags", graph, 0n));
    } finally {
      cuda.call("release a graph", "cuGraphDestroy", graph);
    }
  }

  replay(graph: CudaGraph): void {
    if (!(graph instanceof RealGraph)) throw new TypeError("cuda: the graph is another driver's");
    this.cuda.call("replay a graph", "cuGraphLaunch", graph.handle, this.stream);
  }

  record(): CudaEvent {
    const event = this.cuda.get("make an event", "cuEventCreate", EVENT_DEFAULT);
    this.cuda.call("record an event", "cuEventRecord", event, this.stream);
    return new RealEvent(this.cuda, event);
  }

  async finish(): Promise<void> {
    const event = this.record();
    try {
      const start = performance.now();
      while (!event.isDone()) {
        if (performance.now() - start < BUSY_MS) await setImmediate();
        else await setTimeout(1);
      }
    } finally {
      event.release();
    }
  }

  close(): void {
    for (const address of this.allocations) this.free(address);
    this.cuda.call("close a device", "cuStreamSynchronize", this.stream);
    for (const module of this.modules) module.unload();
    this.modules.clear();
    this.cuda.call("close a device", "cuStreamDestroy_v2", this.stream);
    this.cuda.call("close a device", "cuDevicePrimaryCtxRelease_v2", this.device);
    this.room.release();
  }
}

/** Why the driver does not take a module, and what to do where that is known. */
function refused(code: number, reason: string, log: string): PtxError {
  switch (code) {
    case CudaResult.unsupportedPtxVersion:
      return new PtxError(code, "the driver is too old for the kernels: install version 520 or a newer one", log);
    case CudaResult.jitCompilerNotFound:
      return new PtxError(
        code,
        "the driver's compiler, libnvidia-ptxjitcompiler.so.1, is missing: it comes with the driver; in a container, " +
          "set NVIDIA_DRIVER_CAPABILITIES to compute,utility",
        log,
      );
    default:
      return new PtxError(code, reason, log);
  }
}
