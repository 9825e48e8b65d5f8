import {
  type CardLoad,
  type CopyQueue,
  type CudaDevice,
  type CudaEvent,
  type CudaFunction,
  type CudaGraph,
  type CudaModule,
  CudaResult,
  DeviceMemoryError,
  type DevicePointer,
  type DeviceProperties,
  DriverError,
  type HostMemory,
  type Launch,
  PtxError,
  packArguments,
} from "./driver.ts";
import { LibCublasLt } from "./cublas/libcublasLt.ts";
import type { ProductLibrary } from "./cublas/library.ts";
import { RealLibrary } from "./cublas/realLibrary.ts";
import { LaunchRoom, RealFunction, RealGraph, RealModule } from "./handles.ts";
import { type LibCuda, textOf } from "./libcuda.ts";
import { cardMeter } from "./nvml.ts";
import { RealCopyQueue, allocateHost, finishOf, openStream, recordIn, waitIn } from "./realCopies.ts";

/** Numbers of cuda.h. */
const MEMORY_POOLS_SUPPORTED = 115;
const POOL_RELEASE_THRESHOLD = 4;
const CAPTURE_THREAD_LOCAL = 1;
const JIT_ERROR_LOG = 5;
const JIT_ERROR_LOG_BYTES = 6;

const LOG_BYTES = 16_384;

/** A card through libcuda. */
export class RealDevice implements CudaDevice {
  readonly properties: DeviceProperties;
  private readonly cuda: LibCuda;
  private readonly device: number;
  private readonly stream: bigint;
  private readonly room: LaunchRoom;
  private readonly modules = new Set<RealModule>();
  private meter: (() => CardLoad | undefined) | undefined;
  private readonly allocations = new Set<DevicePointer>();

  constructor(cuda: LibCuda, properties: DeviceProperties) {
    const what = `open device ${properties.index}`;
    this.cuda = cuda;
    this.properties = properties;
    this.device = cuda.getInt(what, "cuDeviceGet", properties.index);
    const context = cuda.get(what, "cuDevicePrimaryCtxRetain", this.device);
    cuda.call(what, "cuCtxSetCurrent", context);
    this.stream = openStream(cuda, what);
    if (cuda.getInt(what, "cuDeviceGetAttribute", MEMORY_POOLS_SUPPORTED, this.device) === 0) {
      throw new DriverError(what, CudaResult.invalidDevice, "it has no memory pools");
    }
    // Memory that is given back stays with this process: taking it again then costs nothing.
    const pool = cuda.get(what, "cuDeviceGetDefaultMemPool", this.device);
    cuda.call(what, "cuMemPoolSetAttribute", pool, POOL_RELEASE_THRESHOLD, BigUint64Array.of(2n ** 64n - 1n));
    this.room = new LaunchRoom(cuda);
  }

  freeBytes(): number {
    const total = new BigUint64Array(1);
    return Number(this.cuda.get("ask for free memory", "cuMemGetInfo_v2", total));
  }

  load(): CardLoad | undefined {
    this.meter ??= cardMeter(this.properties.uuid);
    return this.meter();
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

  allocateHost(bytes: number): HostMemory {
    return allocateHost(this.cuda, bytes);
  }

  openCopyQueue(): CopyQueue {
    return new RealCopyQueue(this.cuda);
  }

  wait(mark: CudaEvent): void {
    waitIn(this.cuda, this.stream, mark);
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
    return recordIn(this.cuda, this.stream);
  }

  finish(): Promise<void> {
    return finishOf(this.cuda, this.stream);
  }

  openProducts(file: string): ProductLibrary {
    return new RealLibrary(new LibCublasLt(file, this.cuda.koffi), this.stream);
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
