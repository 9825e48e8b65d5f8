import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";

/** Identity of a process among all on any machine that may look at the same folder. */
export interface ProcessId {
  /** Name of its machine, for people. */
  readonly host: string;
  /**
   * Names the table that its pid is an entry of: that of a machine since it was started, or of a container on it. Two
   * machines may have one name; empty where the system does not say.
   */
  readonly table: string;
  readonly pid: number;
  /** When it started, as its system counts; a later process with the same pid has another start. Empty if unknown. */
  readonly started: string;
}

let self: ProcessId | undefined;

/** This process. */
export function thisProcess(): ProcessId {
  self ??= {
    host: hostname(),
    table: tableName(),
    pid: process.pid,
    started: orEmpty(() => startIn(readFileSync("/proc/self/stat", "utf8")) ?? ""),
  };
  return self;
}

/** True if this process can look up the other's pid; one that names no host is taken for such. */
export function isLocal({ host, table }: Pick<ProcessId, "host" | "table">): boolean {
  const own = thisProcess();
  return host === "" || (host === own.host && (table === own.table || table === "" || own.table === ""));
}

/** Short name of this machine's process table, for names of files. */
export function tableDigest(): string {
  const { host, table } = thisProcess();
  return createHash("sha256").update(`${host}\0${table}`).digest("hex").slice(0, 8);
}

/** True if a local process still runs; a later one with the same pid is another. */
export async function isProcessAlive({ pid, started }: Pick<ProcessId, "pid" | "started">): Promise<boolean> {
  if (!isRunning(pid)) return false;
  if (started === "") return true;
  const start = await processStart(pid);
  // It may have gone since; where it is still there, the system hides others' entries.
  return start === undefined ? isRunning(pid) : start === started;
}

/** True if some local process has this pid. */
function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"; // it is there, and somebody else's
  }
}

/** Start time from Linux's process table; undefined elsewhere. */
async function processStart(pid: number): Promise<string | undefined> {
  try {
    return startIn(await readFile(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** "dead" for a zombie, which holds nothing. */
function startIn(stat: string): string | undefined {
  const [state = "", ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the second may hold spaces
  return "ZX".includes(state) ? "dead" : fields[18]; // field 22
}

/** Linux: the boot, and the namespace of pids. */
function tableName(): string {
  return orEmpty(() => {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  });
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
