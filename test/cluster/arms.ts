import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";

/**
 * The keys of two arms that have both saved some state, and are at work. The one that is ahead waits for the other: on a busy
 * machine jobs begin seconds apart.
 *
 * @param root - Of runs and artifacts.
 * @param check - Throws once the run has ended.
 */
export async function armsAtWork(root: string, check: () => void): Promise<[string, string]> {
  const [first = ""] = await saved(root, 1, check);
  const pid = await processOf(first);
  process.kill(pid, "SIGSTOP");
  const second = (await saved(root, 2, check)).find((key) => key !== first) ?? assert.fail("there is one arm");
  const log = path.join(root, "records", first, "attempt-1.jsonl");
  const { size } = await fs.stat(log);
  process.kill(pid, "SIGCONT");
  while ((await fs.stat(log)).size === size) await setTimeout(20);
  return [first, second];
}

/** The keys of the arms that have saved some state, once there are so many. */
async function saved(root: string, count: number, check: () => void): Promise<readonly string[]> {
  for (;;) {
    const names = await fs.readdir(path.join(root, "artifacts")).catch(() => []);
    const working = names.filter((name) => name.startsWith(".work-rlhf-"));
    const states = await Promise.all(
      working.map((name) => fs.stat(path.join(root, "artifacts", name, "savepoint/current")).catch(() => undefined)),
    );
    const keys = working.filter((_, at) => states[at] !== undefined).map((name) => name.slice(".work-".length));
    if (keys.length >= count) return keys;
    check();
    await setTimeout(20);
  }
}

/** The process of a stage's job. */
export async function processOf(key: string): Promise<number> {
  for (const pid of (await fs.readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const environment = await fs.readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
    const program = await fs.readlink(`/proc/${pid}/exe`).catch(() => "");
    if (environment.split("\0").includes(`SALSA_KEY=${key}`) && path.basename(program) === "node") return Number(pid);
  }
  throw new Error(`no process makes ${key}`);
}

/** Numbers of the jobs that were ordered for a stage. */
export async function attemptsAt(root: string, key: string): Promise<readonly number[]> {
  const names = await fs.readdir(path.join(root, "records", key));
  return names
    .flatMap((name) => /^attempt-(\d+)\.order\.json$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort();
}

/** When the first and the last record of a stage's first job were written. */
export async function spanOf(root: string, key: string): Promise<[number, number]> {
  const text = await fs.readFile(path.join(root, "records", key, "attempt-1.jsonl"), "utf8");
  const times = [...text.matchAll(/"time":(\d+)/g)].map((match) => Number(match[1]));
  return [Math.min(...times), Math.max(...times)];
}
