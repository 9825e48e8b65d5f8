import type { CardLoad } from "./driver.ts";
import { loadKoffi, systemLibrary } from "./koffi.ts";

const SUCCESS = 0;
/** Handles are 64-bit numbers; what a call gives back is written to memory that it is shown. */
const HANDLE = "uint64_t";
const MEMORY = "void *";

/** The functions of nvml.h that we call, with their parameters. All return an nvmlReturn_t. */
const FUNCTIONS = {
  nvmlInit_v2: [],
  nvmlDeviceGetHandleByUUID: ["const char *", MEMORY],
  nvmlDeviceGetUtilizationRates: [HANDLE, MEMORY],
  nvmlDeviceGetPowerUsage: [HANDLE, MEMORY],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Calls a function, and says whether it succeeded. */
type Call = (name: keyof typeof FUNCTIONS, ...args: readonly unknown[]) => boolean;

/**
 * Returns a function that asks how busy a card has been lately, of NVIDIA's management library, since the driver proper
 * does not say. Nothing depends on it: where it is missing, as in containers without the `utility` capability, or does
 * not know the card, as parts of one (MIG), there is nothing to say.
 *
 * @param uuid - The card's 16 bytes as hexadecimal digits.
 * @param file - The library's name or path; the driver's own unless given.
 */
export function cardMeter(
  uuid: string,
  file = systemLibrary("libnvidia-ml.so.1", "nvml.dll"),
): () => CardLoad | undefined {
  const call = open(file);
  const card = new BigUint64Array(1);
  const [, ...parts] = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(uuid) ?? [];
  const isKnown = call?.("nvmlInit_v2") === true && call("nvmlDeviceGetHandleByUUID", `GPU-${parts.join("-")}`, card);
  if (!isKnown) return () => undefined;
  return () => {
    const percents = new Uint32Array(2); // time with a kernel at work, time in which memory was read or written
    if (!call("nvmlDeviceGetUtilizationRates", card[0], percents)) return undefined;
    const milliwatts = new Uint32Array(1);
    const hasPower = call("nvmlDeviceGetPowerUsage", card[0], milliwatts);
    return { busy: (percents[0] ?? 0) / 100, ...(hasPower && { watts: (milliwatts[0] ?? 0) / 1000 }) };
  };
}

/** The library's functions; undefined where it, or one of them, is not there. */
function open(file: string): Call | undefined {
  try {
    const library = loadKoffi().load(file);
    const functions = new Map(
      Object.entries(FUNCTIONS).map(([name, parameters]) => [name, library.func(name, "int", parameters)]),
    );
    return (name, ...args) => functions.get(name)?.(...args) === SUCCESS;
  } catch {
    return undefined;
  }
}
