import * as fs from "node:fs/promises";
import * as path from "node:path";
import { errorCode } from "../../engine/storage/disk.ts";
import { collectGarbage } from "../heldBytes.ts";

/** Everything that this process and its folders hold. */
export interface Usage {
  /** Bytes of the heap, of buffers and of the whole process, after garbage has been collected. */
  readonly heap: number;
  readonly buffers: number;
  readonly rss: number;
  /** Resources that keep an event loop going: timers, watchers, sockets, child processes. */
  readonly handles: number;
  /** Open descriptors, and those of them that are sockets; NaN where the system does not list them. */
  readonly descriptors: number;
  readonly sockets: number;
  /** Names of temporary files, locks, tickets and sockets in the folders. */
  readonly leftovers: readonly string[];
  /** Names directly in the folders of artifacts, records and runs. */
  readonly results: number;
}

/** Measures, after everything that waits has had its turn. @param folders - Of runs, and of the runtime. */
export async function usageNow(root: string, runtime: string): Promise<Usage> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  const { heapUsed, arrayBuffers, external, rss } = process.memoryUsage();
  const descriptors = await descriptorsOf("/proc/self/fd");
  const names = [...(await namesBelow(root)), ...(await namesBelow(runtime))];
  return {
    heap: heapUsed,
    buffers: external + arrayBuffers,
    rss,
    handles: process.getActiveResourcesInfo().filter((name) => !PASSING.has(name)).length,
    descriptors: descriptors?.length ?? NaN,
    sockets: descriptors?.filter((target) => target.startsWith("socket:")).length ?? NaN,
    leftovers: names.filter((name) => LEFTOVER.test(name)),
    results: names.filter((name) => /^(artifacts|records|runs)[\\/][^\\/]+$/.test(name)).length,
  };
}

/** Work that is under way and holds nothing for long. */
const PASSING: ReadonlySet<string> = new Set(["FSReqPromise", "FSReqCallback", "Immediate", "TickObject"]);
const LEFTOVER = /(^|[\\/])(\.tmp-|\.starting-|\.work-)|(^|[\\/])lock(\.next)?$|\.(lock|ticket|sock)$/;

/** Files that this process's descriptors are open on; undefined where the system does not say. */
async function descriptorsOf(folder: string): Promise<readonly string[] | undefined> {
  try {
    const names = await fs.readdir(folder);
    const targets = await Promise.all(names.map((name) => fs.readlink(path.join(folder, name)).catch(() => "")));
    return targets.filter((target) => target !== "");
  } catch {
    return undefined;
  }
}

async function namesBelow(folder: string): Promise<readonly string[]> {
  try {
    return await fs.readdir(folder, { recursive: true });
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}
