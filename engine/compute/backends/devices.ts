import type { Device } from "./descriptor.ts";

/** Leaves the choice of a device to the backend: its first. */
export const FIRST_DEVICE = "auto";
/** Takes every card that computes the same bytes as the first. */
export const ALL_DEVICES = "all";

/**
 * The devices that `runtime.device` names: cards by number or by the beginning of their UUID, as nvidia-smi prints it, several
 * with commas between. A backend without cards has nothing to choose from.
 *
 * @returns Those, in the order of their names, or why there are none.
 */
export function selectDevices(
  found: readonly [Device, ...Device[]],
  wanted: string = FIRST_DEVICE,
): readonly [Device, ...Device[]] | string {
  const [first] = found;
  if (wanted === FIRST_DEVICE || first.uuid === undefined) return [first];
  // Artifacts' keys name the build: stages of one run are all made with the same.
  const alike = found.filter(({ build }) => build === first.build);
  if (wanted === ALL_DEVICES) return [first, ...alike.slice(1)];
  const chosen: Device[] = [];
  for (const name of wanted.split(",")) {
    const matching = found.filter((device) => isNamed(device, name));
    const [device] = matching;
    if (device === undefined) return `runtime.device ${name} is not there; there is ${listText(found)}`;
    if (matching.length > 1) return `runtime.device ${name} may be ${listText(matching)}; write more of the UUID`;
    if (!chosen.includes(device)) chosen.push(device);
  }
  const [leading = first, ...others] = chosen;
  const other = others.find(({ build }) => build !== leading.build);
  if (other !== undefined) {
    const text = listText([leading, other]);
    return `runtime.device ${wanted}: ${text} compute different bytes; name cards of one kind`;
  }
  return [leading, ...others];
}

/** Name of the queue in which runs wait for a device: the same for a card whatever number it has in a process. */
export function queueOf({ id, uuid }: Pick<Device, "id" | "uuid">): string {
  return uuid === undefined ? id : `${kindOf(id)}:${uuid}`;
}

const kindOf = (id: string): string => id.split(":", 1)[0] ?? id;
const numberOf = (id: string): string => id.slice(kindOf(id).length + 1);

function isNamed({ id, uuid = "" }: Device, name: string): boolean {
  if (/^\d{1,4}$/.test(name)) return numberOf(id) === String(Number(name));
  const digits = name.toLowerCase().replace(/^gpu-/, "").replaceAll("-", "");
  return digits !== "" && uuid.startsWith(digits);
}

function listText(devices: readonly Device[]): string {
  return devices.map(({ id, name, uuid = "" }) => `${numberOf(id)} (${name}, GPU-${uuid.slice(0, 8)})`).join(", ");
}
