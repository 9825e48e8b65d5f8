import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";

/** A program to run in a process of its own. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** True to add up resident memory while it runs; that costs the machine a little. */
  readonly watchesMemory?: boolean;
}

/** Results of a finished process. */
export interface Finished {
  readonly stdout: string;
  readonly seconds: number;
  /** Largest resident memory of the process with its descendants, in MiB, if watched; only Linux reports it. */
  readonly peakMiB: number | undefined;
}

/** A process of the benchmark that failed. */
export class ProcessError extends Error {
  override readonly name = "ProcessError";
}

const SAMPLE_MS = 100;

/**
 * Runs a command to its end.
 * @throws {ProcessError} when it cannot start or exits with another code than 0; the message ends with its last words.
 */
export async function runProcess({ file, args, cwd, env, watchesMemory = false }: Command): Promise<Finished> {
  const start = performance.now();
  // npm is a script on Windows, which only a shell starts.
  const child = spawn(file, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32" && file === "npm",
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));

  const memory = watchMemory(watchesMemory ? child.pid : undefined);
  const [code] = (await once(child, "close").catch((cause: unknown) => {
    throw new ProcessError(`cannot start ${file}`, { cause });
  })) as [number | null];
  const seconds = (performance.now() - start) / 1000;
  const peakMiB = await memory.stop();
  if (code !== 0) {
    const words = `${Buffer.concat(stdout).toString()}${Buffer.concat(stderr).toString()}`.trim();
    throw new ProcessError(`${[file, ...args].join(" ")}: exit code ${code ?? "none"}\n${words.slice(-2000)}`);
  }
  return { stdout: Buffer.concat(stdout).toString(), seconds, peakMiB };
}

/** Adds up the resident memory of a process tree ten times a second and keeps the largest sum. */
function watchMemory(root: number | undefined): { stop(): Promise<number | undefined> } {
  if (process.platform !== "linux" || root === undefined) return { stop: () => Promise.resolve(undefined) };
  let peak = 0;
  let sampling = Promise.resolve();
  const timer = setInterval(() => {
    sampling = sampling.then(async () => {
      peak = Math.max(peak, await residentKiB(root));
    });
  }, SAMPLE_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await sampling;
      return Math.round(peak / 1024);
    },
  };
}

async function residentKiB(root: number): Promise<number> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const processes = new Map<number, { parent: number; kiB: number }>();
  for (const pid of pids) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => ""); // it may just have ended
    const number = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
    processes.set(Number(pid), { parent: number("PPid"), kiB: number("VmRSS") });
  }
  const belongs = (pid: number): boolean => pid === root || (pid > 1 && belongs(processes.get(pid)?.parent ?? 0));
  return [...processes].reduce((sum, [pid, { kiB }]) => (belongs(pid) ? sum + kiB : sum), 0);
}
