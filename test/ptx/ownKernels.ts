import { interpreter } from "./driver.ts";
import { keptPtx } from "./kernels/build.ts";
import type { Argument, CudaModule, DevicePointer } from "../../engine/compute/backends/cuda/driver.ts";

/** The device on which the interpreter's own kernels run. */
export const device = interpreter.open(0);
const modules = new Map<string, CudaModule>();

/** Something that lies in device memory. */
export type Numbers = Float32Array | Uint32Array | Int32Array | Uint16Array;

/** Puts numbers into memory of their own. */
export function put(numbers: Numbers): DevicePointer {
  const address = device.allocate(numbers.byteLength);
  device.copyToDevice(address, new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
  return address;
}

/** Reads floats back. */
export function floats(address: DevicePointer, count: number): Float32Array {
  const out = new Float32Array(count);
  device.copyToHost(new Uint8Array(out.buffer), address);
  return out;
}

/** The module of one of the files in kernels/. */
export function moduleOf(file: string): CudaModule {
  const loaded = modules.get(file) ?? device.loadModule(keptPtx(file));
  modules.set(file, loaded);
  return loaded;
}

/** Runs a kernel of one of the files in kernels/. */
export function run(
  file: string,
  name: string,
  args: readonly (DevicePointer | number)[],
  { blocks = 1, threads = 64, sharedBytes = 0 } = {},
): void {
  const packed = args.map((value): Argument =>
    typeof value === "bigint" ? { type: "pointer", value } : { type: "i32", value },
  );
  device.launch(moduleOf(file).getFunction(name), {
    grid: [blocks, 1, 1],
    block: [threads, 1, 1],
    sharedBytes,
    args: packed,
  });
}
