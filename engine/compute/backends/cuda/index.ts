import type { Availability, BackendDescriptor, BackendPart, Device } from "../descriptor.ts";
import { CudaBackend, type CudaSettings } from "./backend.ts";
import { type CublasSearch, CUBLAS_OFF, CUBLAS_VARIABLE, cublasParts, findCublas } from "./cublas/find.ts";
import { cuda } from "./declaration.ts";
import {
  type CudaDevice,
  type DeviceProperties,
  type Driver,
  CudaResult,
  DriverError,
  DriverUnavailableError,
} from "./driver.ts";
import { FLASH_WIDTHS } from "./encoders/attention.ts";
import { loadKernelTexts } from "./kernelText.ts";
import { measuredParts, productsPart } from "./rates.ts";
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

/** The library of matrix products, looked for once in a process: those that are found are loaded for their version. */
let products: CublasSearch | undefined;

/** Undefined where there is nothing to multiply on. */
function cublas(driver: Driver | DriverUnavailableError): CublasSearch | undefined {
  if (driver instanceof DriverUnavailableError || !driver.devices.some(isFit)) return undefined;
  return (products ??= findCublas(driver.version));
}

/** NVIDIA cards, by kernels of our own, and by cuBLASLt where there is one. */
export const backend: BackendDescriptor = {
  ...cuda,
  checkedAgainst: "wasm",
  probe: () => Promise.resolve(availability(driver(), cublas(driver()))),
  load: () => loadKernelTexts(),
  open({ roomier, precision = "f32" }, { id }) {
    return new Promise((resolve) => {
      const taken = driver();
      if (taken instanceof DriverUnavailableError) throw taken;
      // It has nothing to do in f32.
      const library = precision === "bf16" ? cublas(taken)?.found?.file : undefined;
      resolve(openBackend(taken, indexOf(id), { roomier, precision, cublas: library }));
    });
  },
  async measure({ id }) {
    const taken = driver();
    if (taken instanceof DriverUnavailableError) throw taken;
    const parts = await withBackend(taken, id, {}, measuredParts);
    const found = cublas(taken)?.found;
    if (found === undefined) return parts;
    const what = `products by ${cublasName(found)}`;
    const measured = (opened: CudaBackend): Promise<BackendPart> => productsPart(opened, { what, types: ["bf16"] });
    return [...parts, await withBackend(taken, id, { cublas: found.file }, measured)];
  },
};

async function withBackend<T>(
  driver: Driver,
  id: string,
  settings: CudaSettings,
  work: (backend: CudaBackend) => Promise<T>,
): Promise<T> {
  const opened = openBackend(driver, indexOf(id), settings);
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

/**
 * Opens a card for work.
 *
 * @throws {DriverUnavailableError} when the card cannot be had, or cuBLASLt does not start on it.
 */
export function openBackend(driver: Driver, index: number, settings: CudaSettings = {}): CudaBackend {
  const device = openCard(driver, index);
  try {
    return new CudaBackend(device, settings);
  } catch (error) {
    device.close();
    // Keys name the library: its place is not taken by kernels that give other bytes.
    if (settings.cublas === undefined || !(error instanceof DriverError)) throw error;
    const remedy = `set ${CUBLAS_VARIABLE} to another or to ${CUBLAS_OFF}, or empty salsa.cublasPath`;
    throw new DriverUnavailableError(`${settings.cublas} does not start: ${error.message}`, remedy, { cause: error });
  }
}

/** Free memory that a card must have for the smallest run. */
const LEAST_FREE_BYTES = 512 * 2 ** 20;

/**
 * Takes a card that has some memory left.
 *
 * @throws {DriverUnavailableError} when others hold nearly all of it, or the whole card.
 */
export function openCard(driver: Driver, index: number): CudaDevice {
  const { name = "", memoryBytes = 0 } = driver.devices[index] ?? {};
  const full = (freeBytes: number, options?: ErrorOptions): DriverUnavailableError =>
    new DriverUnavailableError(
      `card ${index}, ${name}, has ${mebibytes(freeBytes)} of ${mebibytes(memoryBytes)} free`,
      "end the program that holds them, which nvidia-smi shows, or choose another card with runtime.device",
      options,
    );
  let device: CudaDevice;
  try {
    device = driver.open(index);
  } catch (cause) {
    if (!(cause instanceof DriverError)) throw cause;
    if (cause.code === CudaResult.outOfMemory) throw full(0, { cause });
    if (cause.code !== CudaResult.deviceUnavailable) throw cause;
    throw new DriverUnavailableError(
      `another program has card ${index}, ${name}, for itself`,
      "end that program, choose another card with runtime.device, or set the compute mode with nvidia-smi -c DEFAULT",
      { cause },
    );
  }
  const free = device.freeBytes();
  if (free >= Math.min(LEAST_FREE_BYTES, memoryBytes / 2)) return device;
  device.close();
  throw full(free);
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** Which of a driver's devices can be opened, and what it lacks. */
export function availability(driver: Driver | DriverUnavailableError, products?: CublasSearch): Availability {
  if (driver instanceof DriverUnavailableError) {
    const { reason, remedy } = driver;
    return { parts: [], isAvailable: false, reason, remedy };
  }
  const { version, devices } = driver;
  const known = `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
  const parts: readonly BackendPart[] = [
    { name: "NVIDIA driver", isThere: true, detail: `knows CUDA ${known}` },
    ...devices.map(partOf),
    ...(products === undefined ? [] : cublasParts(products)),
  ];
  const [first, ...others] = devices.filter(isFit).map((card) => deviceOf(card, products?.found));
  if (first !== undefined) {
    const cards = devices.filter(isFit).map((card) => `${card.index} ${card.name}, ${gibibytes(card)}`);
    const which = products?.found === undefined ? "" : `, ${cublasName(products.found)}`;
    const summary = `${cards.length === 1 ? "a card" : `${cards.length} cards`}, CUDA ${known}${which}: ${cards.join("; ")}`;
    return { parts: [...parts, kernelsPart(products?.found)], isAvailable: true, devices: [first, ...others], summary };
  }
  const reason = devices[0] === undefined ? "there is no NVIDIA card" : `${devices[0].name} is older than Ampere`;
  return { parts, isAvailable: false, reason, remedy: OLD_CARD_REMEDY };
}

/** The kernels that runs take, by what they multiply and attend to. */
function kernelsPart(found: CublasSearch["found"]): BackendPart {
  const products = found === undefined ? "our own on tensor cores" : `${cublasName(found)}, else our own`;
  const widths = `${FLASH_WIDTHS.slice(0, -1).join(", ")} or ${FLASH_WIDTHS.at(-1) ?? 0}`;
  const attention = `attention of bf16 on tensor cores for heads of ${widths} channels, else by plain kernels`;
  return {
    name: "kernels",
    isThere: true,
    detail: `products of bf16 by ${products}, of f32 by plain kernels of our own; ${attention}`,
  };
}

const OLD_CARD_REMEDY = "use a card of compute capability 8.0 or above, or runtime.backend wasm";

const isFit = ({ capability: [major] }: DeviceProperties): boolean => major >= LEAST_CAPABILITY;

function partOf(properties: DeviceProperties): BackendPart {
  const { index, name, uuid, capability } = properties;
  const detail =
    `${name}, ${gibibytes(properties)}, compute capability ${capability.join(".")}, ` + `GPU-${uuid.slice(0, 8)}`;
  const part = { name: `card ${index}`, isThere: isFit(properties), detail };
  return part.isThere ? part : { ...part, remedy: OLD_CARD_REMEDY };
}

const gibibytes = ({ memoryBytes }: DeviceProperties): string => `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`;

const cublasName = ({ version }: { readonly version: string }): string => `cuBLASLt ${version}`;

function deviceOf(
  { index, name, uuid, memoryBytes, capability: [major, minor] }: DeviceProperties,
  found: CublasSearch["found"],
): Device {
  const library = found === undefined ? [] : [cublasName(found)];
  return {
    id: `cuda:${index}`,
    uuid,
    name: [cuda.name, name, ...library].join(", "),
    memoryBytes,
    limits: { maxBytes: memoryBytes },
    // Of one text, the driver's compiler makes other instructions for other cards, and a library has kernels of its own.
    build: [`sm_${major}${minor}`, ...library].join(" "),
  };
}

const indexOf = (id: string): number => Number(id.slice("cuda:".length));
