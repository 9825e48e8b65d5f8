import type { DeviceBuffer, HostArray } from "../../backend.ts";
import { DTYPES } from "../../graph/dtype.ts";
import { type DType, type Shape, type TensorSpec, sizeOf } from "../../graph/tensor.ts";
import type { CudaDevice, DevicePointer } from "./driver.ts";

/** A variable's place in device memory. */
export class CudaBuffer implements DeviceBuffer {
  readonly backend = "cuda";
  readonly shape: Shape;
  readonly dtype: DType;
  readonly address: DevicePointer;

  constructor({ shape, dtype }: TensorSpec, address: DevicePointer) {
    this.shape = shape;
    this.dtype = dtype;
    this.address = address;
  }
}

/** Copies host data, which has been checked, to an address. */
export function upload(device: CudaDevice, address: DevicePointer, data: HostArray): void {
  device.copyToDevice(address, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** A copy of the elements at an address; blocks until all that was queued is done. */
export function download(device: CudaDevice, address: DevicePointer, { shape, dtype }: TensorSpec): HostArray {
  const data = new DTYPES[dtype].array(sizeOf(shape));
  device.copyToHost(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), address);
  return data;
}
