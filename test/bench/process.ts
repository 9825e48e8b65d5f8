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

/** Only the tree's own files are read: reading every process's took a quarter of a core from what is measured. */
async function residentKiB(pid: number | string): Promise<number> {
  const text = (path: string): Promise<string> => readFile(`/proc/${pid}/${path}`, "utf8").catch(() => ""); // it may just have ended
  const own = Number(/^VmRSS:\s+(\d+)/m.exec(await text("status"))?.[1] ?? 0);
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const children = await Promise.all(threads.map((thread) => text(`task/${thread}/children`)));
  const sums = await Promise.all(
    children
      .join(" ")
      .split(" ")
      .filter((child) => child !== "")
      .map(residentKiB),
  );
  return sums.reduce((sum, kiB) => sum + kiB, own);
}
