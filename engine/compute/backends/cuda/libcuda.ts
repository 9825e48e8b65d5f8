import { CudaResult, DeviceLostError, DriverError, DriverUnavailableError } from "./driver.ts";
import { type Koffi, type SharedLibrary, loadKoffi, systemLibrary } from "./koffi.ts";

/** Handles and device addresses are 64-bit numbers; what a call gives back is written to memory that it is shown. */
const HANDLE = "uint64_t";
const MEMORY = "void *";
const INT = "int";
const UNSIGNED = "unsigned int";
const SIZE = "size_t";

/** The driver's functions that we call, by their exported names, with their parameters (cuda.h). All return a CUresult. */
const FUNCTIONS = {
  cuInit: [UNSIGNED],
  cuDriverGetVersion: [MEMORY],
  cuDeviceGetCount: [MEMORY],
  cuDeviceGet: [MEMORY, INT],
  cuDeviceGetName: [MEMORY, INT, INT],
  cuDeviceGetUuid_v2: [MEMORY, INT],
  cuDeviceTotalMem_v2: [MEMORY, INT],
  cuDeviceGetAttribute: [MEMORY, INT, INT],
  cuDeviceGetDefaultMemPool: [MEMORY, INT],
  cuDevicePrimaryCtxRetain: [MEMORY, INT],
  cuDevicePrimaryCtxRelease_v2: [INT],
  cuCtxSetCurrent: [HANDLE],
  cuMemGetInfo_v2: [MEMORY, MEMORY],
  cuMemPoolSetAttribute: [HANDLE, INT, MEMORY],
  cuMemAllocAsync: [MEMORY, SIZE, HANDLE],
  cuMemFreeAsync: [HANDLE, HANDLE],
  cuMemHostAlloc: [MEMORY, SIZE, UNSIGNED],
  cuMemFreeHost: [HANDLE],
  cuMemcpyHtoDAsync_v2: [HANDLE, MEMORY, SIZE, HANDLE],
  cuMemcpyDtoHAsync_v2: [MEMORY, HANDLE, SIZE, HANDLE],
  cuMemcpyDtoDAsync_v2: [HANDLE, HANDLE, SIZE, HANDLE],
  cuMemsetD32Async: [HANDLE, UNSIGNED, SIZE, HANDLE],
  cuModuleLoadDataEx: [MEMORY, MEMORY, UNSIGNED, MEMORY, MEMORY],
  cuModuleGetFunction: [MEMORY, HANDLE, "const char *"],
  cuModuleUnload: [HANDLE],
  cuFuncGetAttribute: [MEMORY, INT, HANDLE],
  cuFuncSetAttribute: [HANDLE, INT, INT],
  cuLaunchKernel: [HANDLE, ...new Array<string>(7).fill(UNSIGNED), HANDLE, HANDLE, HANDLE],
  cuStreamCreate: [MEMORY, UNSIGNED],
  cuStreamDestroy_v2: [HANDLE],
  cuStreamSynchronize: [HANDLE],
  cuStreamWaitEvent: [HANDLE, HANDLE, UNSIGNED],
  cuStreamBeginCapture_v2: [HANDLE, INT],
  cuStreamEndCapture: [HANDLE, MEMORY],
  cuGraphInstantiateWithFlags: [MEMORY, HANDLE, HANDLE],
  cuGraphLaunch: [HANDLE, HANDLE],
  cuGraphExecDestroy: [HANDLE],
  cuGraphDestroy: [HANDLE],
  cuEventCreate: [MEMORY, UNSIGNED],
  cuEventRecord: [HANDLE, HANDLE],
  cuEventQuery: [HANDLE],
  cuEventElapsedTime: [MEMORY, HANDLE, HANDLE],
  cuEventDestroy_v2: [HANDLE],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type FunctionName = keyof typeof FUNCTIONS;

/** Results after which nothing works any more on the card for this process. */
const LOST: readonly number[] = [
  CudaResult.eccUncorrectable,
  CudaResult.illegalAddress,
  CudaResult.launchTimeout,
  CudaResult.illegalInstruction,
  CudaResult.misalignedAddress,
  CudaResult.launchFailed,
  CudaResult.unknown,
];

/** libcuda, as every NVIDIA driver installs it. */
export class LibCuda {
  readonly koffi: Koffi;
  private readonly library: SharedLibrary;
  private readonly functions = new Map<FunctionName, (...args: readonly unknown[]) => unknown>();
  private readonly errorString: (...args: readonly unknown[]) => unknown;

  /**
   * @param file - Name or path of the library; the driver's own unless given.
   * @throws {DriverUnavailableError} when it is not there, or older than the functions that we call.
   */
  constructor(file = systemLibrary("libcuda.so.1", "nvcuda.dll")) {
    this.koffi = loadKoffi();
    try {
      this.library = this.koffi.load(file);
    } catch (cause) {
      throw new DriverUnavailableError("no NVIDIA driver was found", REMEDY, { cause });
    }
    try {
      for (const name of Object.keys(FUNCTIONS) as FunctionName[])
        this.functions.set(name, this.library.func(name, INT, FUNCTIONS[name]));
      this.errorString = this.library.func("cuGetErrorString", INT, [INT, MEMORY]);
    } catch (cause) {
      throw new DriverUnavailableError("the NVIDIA driver is too old", REMEDY, { cause });
    }
  }

  /** Calls a function and returns its result, whatever it is. */
  try(name: FunctionName, ...args: readonly unknown[]): number {
    return this.functions.get(name)?.(...args) as number;
  }

  /**
   * Calls a function.
   *
   * @param operation - Its name, for the message.
   * @throws {DeviceLostError} when the card is lost to this process.
   * @throws {DriverError} when the call fails otherwise.
   */
  call(operation: string, name: FunctionName, ...args: readonly unknown[]): void {
    const code = this.try(name, ...args);
    if (code !== CudaResult.success) throw this.error(operation, code);
  }

  /** Calls a function that writes a handle or another 64-bit number to its first parameter. */
  get(operation: string, name: FunctionName, ...args: readonly unknown[]): bigint {
    const result = new BigUint64Array(1);
    this.call(operation, name, result, ...args);
    return result[0] ?? 0n;
  }

  /** Calls a function that writes an int to its first parameter. */
  getInt(operation: string, name: FunctionName, ...args: readonly unknown[]): number {
    const result = new Int32Array(1);
    this.call(operation, name, result, ...args);
    return result[0] ?? 0;
  }

  /** The error of a result. */
  error(operation: string, code: number): DriverError {
    const kind = LOST.includes(code) ? DeviceLostError : DriverError;
    return new kind(operation, code, this.reason(code));
  }

  /** The driver's own text for a result. */
  reason(code: number): string {
    const pointer = new BigUint64Array(1);
    if (this.errorString(code, pointer) !== CudaResult.success || pointer[0] === undefined || pointer[0] === 0n) {
      return "unknown error";
    }
    return this.koffi.decode.string(pointer[0]);
  }
}

/** Bytes up to the first NUL, as text. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.slice(0, end === -1 ? bytes.length : end));
}

const REMEDY = "install NVIDIA's driver, version 520 or newer; in a container, start it with --gpus all";
