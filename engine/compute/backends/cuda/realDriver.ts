import { CudaResult, type DeviceProperties, type Driver, DriverUnavailableError } from "./driver.ts";
import { LibCuda, textOf } from "./libcuda.ts";
import { RealDevice } from "./realDevice.ts";

/** Numbers of cuda.h. */
const ATTRIBUTE = { multiprocessors: 16, l2Bytes: 38, major: 75, minor: 76, sharedBytes: 97 } as const;

/** Oldest driver that takes our PTX: that of CUDA 11.8. */
const LEAST_VERSION = 11_080;
/** Longest name of a device. */
const NAME_BYTES = 256;

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
