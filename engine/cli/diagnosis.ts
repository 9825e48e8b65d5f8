import { constants, existsSync } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { availableParallelism, cpus, freemem } from "node:os";
import { dirname } from "node:path";
import { AUTO, BackendUnavailableError, choose } from "../compute/backends/choose.ts";
import type { Availability, BackendDescriptor, BackendPart, Device } from "../compute/backends/descriptor.ts";
import { allBackends } from "../compute/backends/registry.ts";
import { gitVersion } from "../pipeline/git/index.ts";
import { formatBytes } from "../common/format.ts";
import type { DoctorCheck } from "../protocol/toolOutput.ts";
import { machineMemory } from "../pipeline/machineMemory.ts";

/** Looks at everything that a run depends on, and measures cards for some seconds. Changes nothing. */
export async function diagnose(directory: string): Promise<DoctorCheck[]> {
  return [
    nodeVersion(),
    processor(),
    memory(),
    ...(await backends()),
    await choice(),
    ...(await disk(directory)),
    await git(directory),
  ];
}

/** True in the program that ships with the extension, whose users have no repository to run npm in. */
const IS_BUNDLED = !import.meta.url.endsWith(".ts");
const LEAST_NODE = 24;
const OUR_NODE = IS_BUNDLED
  ? "empty the setting salsa.nodePath, and the Node that comes along is used"
  : "start with npx --no-install salsa";
/** Needs of the demo, with room; `salsa plan` shows those of larger models. */
const LEAST_MEMORY = 2 ** 30;
const LEAST_DISK = 2 ** 30;

function nodeVersion(): DoctorCheck {
  const major = Number(process.versions.node.split(".")[0]);
  const detail = `${process.version} at ${process.execPath}`;
  if (major >= LEAST_NODE) return { name: "Node", state: "ok", detail };
  return {
    name: "Node",
    state: "optional",
    detail,
    remedy: `Node ${LEAST_NODE} is what salsa is tested on: ${OUR_NODE}`,
  };
}

function processor(): DoctorCheck {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  return { name: "processor", state: "ok", detail: `${model}, ${availableParallelism()} threads` };
}

function memory(): DoctorCheck {
  const total = machineMemory();
  const detail = `${formatBytes(total)}, ${formatBytes(Math.min(total, freemem()))} free`;
  if (total >= LEAST_MEMORY) return { name: "memory", state: "ok", detail };
  return { name: "memory", state: "missing", detail, remedy: `the smallest run needs ${formatBytes(LEAST_MEMORY)}` };
}

/** Every backend of the engine: where it computes, and its parts. */
async function backends(): Promise<DoctorCheck[]> {
  const found = await Promise.all(
    (await allBackends()).map(async (descriptor) => ({ descriptor, found: await descriptor.probe({ threads: 0 }) })),
  );
  const isAnyAvailable = found.some((one) => one.found.isAvailable);
  const checks: DoctorCheck[] = [];
  for (const one of found) {
    checks.push(backendCheck(one.descriptor, one.found, isAnyAvailable), ...one.found.parts.map(part));
    if (one.found.isAvailable) checks.push(...(await measured(one.descriptor, one.found.devices)));
  }
  return checks;
}

/** How fast each device is, one after the other; a device that cannot be had now is no reason to say nothing of the others. */
async function measured(descriptor: BackendDescriptor, devices: readonly Device[]): Promise<DoctorCheck[]> {
  const checks: DoctorCheck[] = [];
  for (const device of descriptor.measure === undefined ? [] : devices) {
    try {
      checks.push(...((await descriptor.measure?.(device)) ?? []).map(part));
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      const remedy = "see whether nvidia-smi works; until then, set runtime.backend to wasm";
      checks.push({ name: `speed of ${device.id}`, state: "optional", detail, remedy });
    }
  }
  return checks;
}

function backendCheck(
  { name: id, title }: BackendDescriptor,
  found: Availability,
  isAnyAvailable: boolean,
): DoctorCheck {
  const name = `backend ${id}`;
  if (found.isAvailable) return { name, state: "ok", detail: `${title}; ${found.devices.map(deviceText).join("; ")}` };
  const detail = `${title}; ${found.reason}`;
  return { name, state: isAnyAvailable ? "optional" : "missing", detail, remedy: found.remedy };
}

function deviceText({ id, name, memoryBytes, limits: { maxBytes } }: Device): string {
  const has = memoryBytes === undefined ? "" : ` with ${formatBytes(memoryBytes)}`;
  return `${name} on ${id}${has}${maxBytes === undefined ? "" : `, at most ${formatBytes(maxBytes)}`}`;
}

function part({ name, isThere, detail, remedy }: BackendPart): DoctorCheck {
  return { name, state: isThere ? "ok" : "optional", detail, ...(remedy !== undefined && { remedy }) };
}

/** The backend that "auto" takes, and the reason. */
async function choice(): Promise<DoctorCheck> {
  const name = "runtime.backend auto";
  try {
    const chosen = await choose(await allBackends(), AUTO, { threads: 0 });
    return { name, state: "ok", detail: `takes ${chosen.descriptor.name} (${chosen.reason})` };
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error;
    const remedy = "make one of the backends above available";
    return { name, state: "missing", detail: error.message, remedy };
  }
}

async function disk(directory: string): Promise<DoctorCheck[]> {
  const present = nearestFolder(directory);
  const { bavail, bsize } = await statfs(present);
  const free = bavail * bsize;
  const space: DoctorCheck = {
    name: "disk space",
    state: free >= LEAST_DISK ? "ok" : "missing",
    detail: `${formatBytes(free)} free at ${present}`,
    ...(free >= LEAST_DISK
      ? {}
      : { remedy: `free ${formatBytes(LEAST_DISK)}, or give another folder with --directory` }),
  };
  return [space, await writable(directory, present)];
}

async function writable(directory: string, present: string): Promise<DoctorCheck> {
  const name = "run folder";
  const detail = present === directory ? directory : `${directory}, made when needed`;
  try {
    await access(present, constants.W_OK);
    return { name, state: "ok", detail };
  } catch {
    const remedy = "change its permissions, or give another folder with --directory";
    return { name, state: "missing", detail: `${present} cannot be written`, remedy };
  }
}

function nearestFolder(path: string): string {
  const parent = dirname(path);
  return existsSync(path) || parent === path ? path : nearestFolder(parent);
}

async function git(directory: string): Promise<DoctorCheck> {
  try {
    return { name: "git", state: "ok", detail: await gitVersion(nearestFolder(directory)) };
  } catch {
    const remedy = "optional: install git, so that runs record the commit they were made from";
    return { name: "git", state: "optional", detail: "not found", remedy };
  }
}
