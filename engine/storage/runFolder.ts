import * as path from "node:path";
import { DataError } from "../protocol/errors.ts";
import { isLeftover } from "./disk.ts";
import { RUN_FILE } from "./formats/runDescription.ts";
import type { Json, JsonObject } from "./json.ts";
import { JsonLog } from "./jsonLog.ts";
import { HEARTBEAT_MS } from "./heartbeat.ts";
import { type Lock, type LockOwner, assertStillHeld, livingOwner, lockOf, takeFolder } from "./locks.ts";
import { entryAt, placeBelow, placeIn, placeInChecked } from "./places.ts";
import { checkTree, foldersWith, walkAt } from "./reading.ts";
import { makeRoot } from "./rootFolder.ts";
import { discard, makeFolderAt, removeAt, writeAt } from "./writing.ts";

/** The logs of a run. */
export const RUN_LOGS = ["events", "samples"] as const;
export type RunLogName = (typeof RUN_LOGS)[number];

const OWNER_ONLY = 0o600;

/** Folder of a run below the working directory (`.salsa`). */
export function runPath(root: string, id: string): string {
  if (!isRunId(id)) {
    const remedy = "use letters, digits, dots, dashes and underscores";
    throw new DataError(`open run: ${JSON.stringify(id)} is not a run id`, { file: path.join(root, "runs"), remedy });
  }
  return path.join(root, "runs", id);
}

/** True if an id, which may come from a file, names a run and is no way out of the folder of runs. */
export function isRunId(id: string): boolean {
  return /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.-]*$/u.test(id);
}

/** Ids of the runs below the working directory, in the order of their names. */
export async function listRuns(root: string): Promise<readonly string[]> {
  const runs = await foldersWith(placeBelow(root, "runs"), RUN_FILE);
  return runs.map(({ folder }) => path.basename(folder)).sort();
}

/** The living process that works on a run; undefined when none does. */
export async function runOwner(folder: string): Promise<LockOwner | undefined> {
  return livingOwner(lockOf(folder));
}

/** In a run's folder: asks its process to stop, wherever that is. */
const STOP_FILE = "stop";

/** Asks the process of a run to stop, from a machine where it cannot be reached otherwise. @throws {DiskError} */
export async function askRunToStop(folder: string): Promise<void> {
  await writeAt(placeIn(folder, STOP_FILE), "");
}

/** True if a run has been asked to stop since its process has opened it: anything else of that name is somebody's own. */
export async function isRunAskedToStop(folder: string): Promise<boolean> {
  const entry = await entryAt(placeIn(folder, STOP_FILE));
  return entry?.isFile() === true && entry.size === 0;
}

/** True if a run's folder has a lock, of a living process or a dead one. @param folder - Just looked at, and no link. */
export async function isLocked(folder: string): Promise<boolean> {
  return (await entryAt(placeInChecked(folder, path.basename(lockOf(folder))))) !== undefined;
}

function logFile(folder: string, log: RunLogName): string {
  return path.join(folder, `${log}.jsonl`);
}

/**
 * A run's folder, held for writing by this process.
 *
 * `run.json`, `events.jsonl`, `samples.jsonl`, `tables/`, `lock`, `stop`, and other files written with `writeFile`.
 */
export class RunFolder {
  readonly folder: string;
  private readonly lock: Lock;
  private readonly logs: Readonly<Record<RunLogName, JsonLog>>;
  /** When it was last seen to be held. */
  private heldAt = Date.now();

  private constructor(folder: string, lock: Lock, logs: Readonly<Record<RunLogName, JsonLog>>) {
    this.folder = folder;
    this.lock = lock;
    this.logs = logs;
  }

  /**
   * Opens a run's folder for writing, making it if it is not there, and mends logs that a crash left torn.
   * The lock file publishes `socket`, where other processes can reach this one.
   *
   * @throws {LockedError} when another living process writes to it.
   * @throws {DataError} when it holds a link, or anything else that is no file or folder.
   */
  static async open(root: string, id: string, socket?: string): Promise<RunFolder> {
    const folder = runPath(root, id);
    await makeRoot(root);
    const lock = await takeFolder(folder, { socket });
    const opened: JsonLog[] = [];
    try {
      await checkTree(placeIn(folder)); // everything is written below it without another look
      await makeFolderAt(placeIn(folder, "tables"));
      await removeTemporaries(folder);
      // It was for the process before this one.
      if (await isRunAskedToStop(folder)) await discard(placeIn(folder, STOP_FILE).file);
      for (const log of RUN_LOGS) opened.push(new JsonLog(logFile(folder, log)));
    } catch (error) {
      for (const log of opened) log.close();
      await lock.release();
      throw error;
    }
    const logs = Object.fromEntries(RUN_LOGS.map((name, index) => [name, opened[index]]));
    return new RunFolder(folder, lock, logs as Record<RunLogName, JsonLog>);
  }

  /** True if the run has been described: it is one that began before. */
  async isDescribed(): Promise<boolean> {
    return (await entryAt(placeIn(this.folder, RUN_FILE))) !== undefined;
  }

  /** True if no run has been here: its log is empty, too, which somebody else may have put here. */
  async isNew(): Promise<boolean> {
    return this.logs.events.last === undefined && !(await this.isDescribed());
  }

  /** Removes the folder of a run that has not been described, and gives it free. */
  async discard(): Promise<void> {
    for (const log of Object.values(this.logs)) log.close();
    await removeAt(placeIn(this.folder));
    await this.lock.release();
  }

  /** Writes run.json, which only its owner may read: it holds changes that were never committed. @throws {DiskError} */
  async writeRun(run: JsonObject): Promise<void> {
    this.assertHeld();
    await writeAt(placeIn(this.folder, RUN_FILE), `${JSON.stringify(run, undefined, 2)}\n`, OWNER_ONLY);
  }

  /**
   * Sequence number of the first event that this holder will write: they count without gaps over the life of a run.
   * @throws {DataError} when the last event has none.
   */
  get nextSequence(): number {
    const { file, last } = this.logs.events;
    if (last === undefined) return 0;
    const { sequence } = last;
    if (typeof sequence === "number" && Number.isSafeInteger(sequence)) return sequence + 1;
    throw new DataError("the last event has no sequence number", { file, remedy: "remove its line" });
  }

  /** Bytes of a log. */
  size(log: RunLogName): number {
    return this.logs[log].size;
  }

  /**
   * Adds a record to a log; it outlives this process from here on.
   * @throws {TakenOverError} when another process has taken this one for dead, and goes on with the run.
   */
  append(log: RunLogName, record: Json): void {
    this.assertHeld();
    this.logs[log].append(record);
  }

  /**
   * Writes a file below the run's folder as a whole: `tables/winRates.md`, `report.html`.
   * @returns Its path.
   * @throws {TakenOverError} as `append` does.
   */
  async writeFile(name: string, content: string): Promise<string> {
    this.assertHeld();
    const place = placeIn(this.folder, name);
    await writeAt(place, content);
    return place.file;
  }

  /** Looked up as often as a sign of life is given; who was taken for dead stays without the run. */
  private assertHeld(): void {
    const now = Date.now();
    if (Math.abs(now - this.heldAt) < HEARTBEAT_MS) return;
    assertStillHeld(lockOf(this.folder), this.lock.owner);
    this.heldAt = now;
  }

  /** Makes the logs durable and gives the run free. */
  async close(): Promise<void> {
    try {
      for (const log of Object.values(this.logs)) log.sync();
    } finally {
      for (const log of Object.values(this.logs)) log.close();
      await this.lock.release();
    }
  }
}

/** Removes the unfinished files of killed processes. */
async function removeTemporaries(folder: string): Promise<void> {
  for await (const { file } of walkAt(placeIn(folder))) if (await isLeftover(file)) await discard(file);
}
