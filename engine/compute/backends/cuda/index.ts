import type { Availability, BackendDescriptor, BackendPart, Device } from "../descriptor.ts";
import { CudaBackend } from "./backend.ts";
import { cuda } from "./declaration.ts";
import { type DeviceProperties, type Driver, DriverUnavailableError } from "./driver.ts";
import { loadKernelTexts } from "./kernelText.ts";
import { loadDriver } from "./realDriver.ts";

/** Least compute capability: cards from Ampere on have what the kernels use. */
const LEAST_CAPABILITY = 8;

/** The driver, or why there is none: asked for once in a process. */
let found: Driver | DriverUnavailableError | undefined;

function driver(): Driver | DriverUnavailableError {
  if (found !== undefined) return found;
  try {
    found = loadDriver();
  } catch (error) {
    if (!(error instanceof DriverUnavailableError)) throw error;
    found = error;
  }
  return found;
}

/** NVIDIA cards, by kernels of our own. */
export const backend: BackendDescriptor = {
  ...cuda,
  checkedAgainst: "wasm",
  probe: () => Promise.resolve(availability(driver())),
  load: () => loadKernelTexts(),
  open({ roomier, precision = "f32" }, { id }) {
    return new Promise((resolve) => {
      const taken = driver();
      if (taken instanceof DriverUnavailableError) throw taken;
      resolve(new CudaBackend(taken.open(indexOf(id)), { roomier, precision }));
    });
  },
};

/** Which of a driver's devices can be opened, and what it lacks. */
export function availability(driver: Driver | DriverUnavailableError): Availability {
  if (driver instanceof DriverUnavailableError) {
    const { reason, remedy } = driver;
    return { parts: [], isAvailable: false, reason, remedy };
  }
  const { version, devices } = driver;
  const known = `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
  const parts: readonly BackendPart[] = [
    { name: "NVIDIA driver", isThere: true, detail: `knows CUDA ${known}` },
    ...devices.map(partOf),
  ];
  const [first, ...others] = devices.filter(isFit).map(deviceOf);
  if (first !== undefined) return { parts, isAvailable: true, devices: [first, ...others] };
  const reason = devices[0] === undefined ? "there is no NVIDIA card" : `${devices[0].name} is older than Ampere`;
  return { parts, isAvailable: false, reason, remedy: OLD_CARD_REMEDY };
}

const OLD_CARD_REMEDY = "use a card of compute capability 8.0 or above, or runtime.backend wasm";

const isFit = ({ capability: [major] }: DeviceProperties): boolean => major >= LEAST_CAPABILITY;

function partOf(properties: DeviceProperties): BackendPart {
  const { index, name, memoryBytes, capability } = properties;
  const detail = `${name}, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB, compute capability ${capability.join(".")}`;
  const part = { name: `card ${index}`, isThere: isFit(properties), detail };
  return part.isThere ? part : { ...part, remedy: OLD_CARD_REMEDY };
}

function deviceOf({ index, name, memoryBytes, capability: [major, minor] }: DeviceProperties): Device {
  return {
    id: `cuda:${index}`,
    name: `${cuda.name}, ${name}`,
    memoryBytes,
    limits: { maxBytes: memoryBytes },
    // Of one text, the driver's compiler makes other instructions for other cards.
    build: `sm_${major}${minor}`,
  };
}

const indexOf = (id: string): number => Number(id.slice("cuda:".length));
