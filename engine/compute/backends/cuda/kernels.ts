import type { CudaDevice, CudaFunction, CudaModule } from "./driver.ts";
import { type KernelFile, kernelText } from "./kernelText.ts";

/** Dynamic shared memory that every launch may have unasked, in bytes. */
const UNASKED_SHARED_BYTES = 48 << 10;

/** The kernels that a device has compiled so far: each file when it is first needed. */
export class Kernels {
  private readonly device: CudaDevice;
  private readonly modules = new Map<KernelFile, CudaModule>();
  private readonly functions = new Map<string, CudaFunction>();
  private readonly allowed = new Map<string, number>();

  constructor(device: CudaDevice) {
    this.device = device;
  }

  /**
   * A kernel, for launches with so much dynamic shared memory.
   *
   * @throws {PtxError} when the driver does not take its file.
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
    const found = this.functions.get(kernel) ?? this.module(file).getFunction(kernel);
    this.functions.set(kernel, found);
    if (sharedBytes > (this.allowed.get(kernel) ?? UNASKED_SHARED_BYTES)) {
      found.allowSharedBytes(sharedBytes);
      this.allowed.set(kernel, sharedBytes);
    }
    return found;
  }

  private module(file: KernelFile): CudaModule {
    const known = this.modules.get(file);
    if (known !== undefined) return known;
    const module = this.device.loadModule(kernelText(file));
    this.modules.set(file, module);
    return module;
  }
}
