import { type CudaEvent, type CudaFunction, type CudaGraph, type CudaModule, CudaResult } from "./driver.ts";
import type { LibCuda } from "./libcuda.ts";

/** Numbers of cuda.h. */
const REGISTERS = 4;
const DYNAMIC_SHARED_BYTES = 8;
/** Of launches: where the packed arguments are, and where their size is. */
const LAUNCH_POINTER = 1n;
const LAUNCH_SIZE = 2n;
/** Most bytes of a kernel's arguments, by the driver's own limit. */
const MOST_ARGUMENT_BYTES = 4096;

/** Memory of the system's in which launches leave their arguments; its address does not change. */
export class LaunchRoom {
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

/** A compiled module in libcuda. */
export class RealModule implements CudaModule {
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

/** A kernel in libcuda. */
export class RealFunction implements CudaFunction {
  readonly name: string;
  readonly registers: number;
  readonly handle: bigint;
  private readonly cuda: LibCuda;

  constructor(cuda: LibCuda, name: string, handle: bigint) {
    this.cuda = cuda;
    this.name = name;
    this.handle = handle;
    this.registers = cuda.getInt(`look at ${name}`, "cuFuncGetAttribute", REGISTERS, handle);
  }

  allowSharedBytes(bytes: number): void {
    const what = `allow ${this.name} ${bytes} bytes of shared memory`;
    this.cuda.call(what, "cuFuncSetAttribute", this.handle, DYNAMIC_SHARED_BYTES, bytes);
  }
}

/** A graph in libcuda. */
export class RealGraph implements CudaGraph {
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

/** An event in libcuda. */
export class RealEvent implements CudaEvent {
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
