import type { CudaDevice, CudaFunction } from "./driver.ts";
import { type KernelFile, kernelPtx } from "./kernelText.ts";

/** Dynamic shared memory that every launch may have unasked, in bytes. */
const UNASKED_SHARED_BYTES = 48 << 10;

/** The kernels that a device has compiled so far: each when it is first needed. */
export class Kernels {
  private readonly device: CudaDevice;
  private readonly functions = new Map<string, CudaFunction>();
  private readonly allowed = new Map<string, number>();

  constructor(device: CudaDevice) {
    this.device = device;
  }

  /**
   * A kernel, for launches with so much dynamic shared memory.
   *
   * @throws {PtxError} when the driver does not take it.
   */
  get({
    file,
    kernel,
    sharedBytes = 0,
  }: {
    readonly file: KernelFile;
    readonly kernel: string;
    readonly sharedBytes?: number;
  }): CudaFunction {
    const found = this.functions.get(kernel) ?? this.device.loadModule(kernelPtx(file, kernel)).getFunction(kernel);
    this.functions.set(kernel, found);
    if (sharedBytes > (this.allowed.get(kernel) ?? UNASKED_SHARED_BYTES)) {
      found.allowSharedBytes(sharedBytes);
      this.allowed.set(kernel, sharedBytes);
    }
    return found;
  }
}
