import type { WeightType } from "../graph/dtype.ts";
import { selectDevices } from "./devices.ts";
import type { Availability, BackendDescriptor, BackendSettings, Device } from "./descriptor.ts";

/** The reason of a choice that passes over nothing. */
const PREFERRED = "preferred";

/** Leaves the choice of a backend to the machine. */
export const AUTO = "auto";

/** Which backend a run takes, where it computes, and why. */
export interface BackendChoice {
  readonly descriptor: BackendDescriptor;
  readonly device: Device;
  /** Precision that models compute with. */
  readonly precision: WeightType;
  /** All that the run computes on, `device` first. */
  readonly devices: readonly Device[];
  /** True if the machine decided, not the config. */
  readonly isAuto: boolean;
  /** For people: "asked for", "preferred", "cuda: no NVIDIA driver was found". */
  readonly reason: string;
  /** Names of backends that hold more on this machine. */
  readonly roomier: readonly string[];
}

/** How a backend is chosen. */
export interface ChoiceSettings extends BackendSettings {
  /** Wanted precision; the backend's own choice unless given. */
  readonly precision?: WeightType | undefined;
}

/** A requested backend that cannot be opened on this machine; the message says what to do. */
export class BackendUnavailableError extends Error {
  override readonly name = "BackendUnavailableError";
}

/**
 * Looks at the machine and chooses a backend.
 *
 * @param descriptors - In order of preference.
 * @param wanted - Name of one, or "auto" for the first that is available.
 * @throws {BackendUnavailableError} when the one that is wanted is not available, or none is, when it has no such device, or
 * does not compute with the precision that is asked for.
 */
export async function choose(
  descriptors: readonly BackendDescriptor[],
  wanted: string,
  { precision: askedPrecision, ...settings }: ChoiceSettings,
): Promise<BackendChoice> {
  const candidates = await Promise.all(
    descriptors.map(async (descriptor) => ({ descriptor, found: await descriptor.probe(settings) })),
  );
  const asked = candidates.filter(({ descriptor }) => wanted === AUTO || descriptor.name === wanted);
  const taken = asked.find(isAvailable);
  if (taken === undefined) throw new BackendUnavailableError(refusal(asked, wanted));
  const { descriptor, found } = taken;
  const precision = askedPrecision ?? descriptor.precisions[0];
  if (!descriptor.precisions.includes(precision)) {
    const others = descriptors.filter((one) => one.precisions.includes(precision)).map(({ name }) => name);
    throw new BackendUnavailableError(`runtime.precision ${precision}: ${precisionLack(descriptor, others)}`);
  }
  const devices = selectDevices(found.devices, settings.device);
  if (typeof devices === "string") throw new BackendUnavailableError(devices);
  const [device] = devices;
  const passedOver = asked.slice(0, asked.indexOf(taken)).map(lack);
  const why = passedOver.length === 0 ? (found.summary ?? PREFERRED) : passedOver.join("; ");
  return {
    descriptor,
    device,
    precision,
    devices,
    isAuto: wanted === AUTO,
    reason: wanted === AUTO ? why : "asked for",
    roomier: candidates.filter((other) => other !== taken && isRoomier(other, device)).map(nameOf),
  };
}

/** Why a backend does not compute with a precision, and what does: "wasm computes in f32; leave the setting out". */
function precisionLack(
  { name, precisions }: Pick<BackendDescriptor, "name" | "precisions">,
  others: readonly string[],
): string {
  const other = others.length === 0 ? "" : `, or use runtime.backend ${others.join(" or ")}`;
  return `${name} computes in ${precisions.join(" or ")}; leave the setting out${other}`;
}

/** Everything of a backend that a program's bytes depend on: part of every artifact's key. */
export interface BackendIdentity {
  readonly name: string;
  readonly revision: number;
  /** Where the backend has several builds of its kernels. */
  readonly build?: string;
  /** Precision that models compute with, where that is not f32. */
  readonly precision?: "bf16";
}

/** Identity of a chosen backend in artifacts' keys. */
export function identityOf({
  descriptor,
  device,
  precision,
}: Pick<BackendChoice, "descriptor" | "device" | "precision">): BackendIdentity {
  const { name, revision } = descriptor;
  return {
    ...{ name, revision },
    ...(device.build !== undefined && { build: device.build }),
    ...(precision === "bf16" && { precision }),
  };
}

/** For people: "wasm, 2 threads", "cuda, H100, bf16", and for "auto" why it was taken. */
export function choiceText({
  device,
  precision,
  isAuto,
  reason,
}: Pick<BackendChoice, "device" | "precision" | "isAuto" | "reason">): string {
  const name = precision === "f32" ? device.name : `${device.name}, ${precision}`;
  if (!isAuto) return name;
  return reason === PREFERRED ? `${name} (${AUTO})` : `${name} (${AUTO}: ${reason})`;
}

interface Candidate {
  readonly descriptor: BackendDescriptor;
  readonly found: Availability;
}

type Available = Candidate & { readonly found: Extract<Availability, { readonly isAvailable: true }> };

function isAvailable(candidate: Candidate): candidate is Available {
  return candidate.found.isAvailable;
}

function isRoomier(candidate: Candidate, { limits }: Device): boolean {
  if (!isAvailable(candidate) || limits.maxBytes === undefined) return false;
  const { maxBytes: own } = limits;
  return candidate.found.devices.some(({ limits: { maxBytes = Infinity } }) => maxBytes > own);
}

const nameOf = ({ descriptor }: Candidate): string => descriptor.name;

function lack({ descriptor, found }: Candidate): string {
  return found.isAvailable ? descriptor.name : `${descriptor.name}: ${found.reason}`;
}

function refusal(asked: readonly Candidate[], wanted: string): string {
  const lacks = asked.map((one) => (one.found.isAvailable ? nameOf(one) : `${lack(one)}; ${one.found.remedy}`));
  return `runtime.backend ${wanted} is not available: ${lacks.length === 0 ? "there is none of that name" : lacks.join("; ")}`;
}
