import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { type TinyRun, type Written, artifactHashes, keysOf, runTiny, tableFiles } from "../engine/pipeline/tinyRun.ts";
import { armsAtWork, attemptsAt, processOf, spanOf } from "./arms.ts";
import type { RayHead } from "./head.ts";
import { CLI } from "./trainer.ts";

/** The cluster of the tests. */
export interface MachineTests {
  readonly head: () => RayHead;
  /** Where runs go; the one of this machine stands in `local`. */
  readonly folder: () => string;
  readonly onCluster: (cluster: Written, overrides?: Written) => Written;
}

/** Arms that find room once on a machine of eight cores. */
const APART: Written = { stages: { rlhf: { cpus: 5 } } };

/** Begins a shell whose mounts nobody else sees: no rights are needed, and nothing is left. */
const SHELL = ["unshare", "--map-root-user", "--mount", "sh", "-ec"] as const;
const [UNSHARE, ...UNSHARED] = SHELL;
/** The same; undefined where the system does not allow it. */
const ownDisk = spawnSync(UNSHARE, [...UNSHARED, "mount -t tmpfs tmpfs /tmp"]).status === 0 ? SHELL : undefined;

const SMALL_BYTES = 16 * 2 ** 20;
/** Puts a small disk in memory into the folder $0; then starts the following command. */
const SMALL_DISK = `mount -t tmpfs -o size=${SMALL_BYTES} tmpfs "$0"; exec "$@"`;

/** Tests of a cluster whose machines come and go. */
export function testMachines({ head, folder, onCluster }: MachineTests): void {
  it("trains two arms on two machines at once, and ends with the same tables though one of them is killed", async () => {
    const root = await begun("two");
    const second = await head().join({ cpus: 8, gpus: 8, address: "127.0.0.2" });
    const running = follow(onCluster(APART), "two");
    const keys = await armsAtWork(root, running.check);
    const isSecond = await Promise.all(keys.map(async (key) => second.runs(await processOf(key))));
    assert.deepEqual([...isSecond].sort(), [false, true], "each machine has one arm");
    const [killed = "", other = ""] = isSecond[0] ? keys : keys.toReversed();

    await second.kill();
    const run = await running.end;

    await checkSame(root);
    assert.deepEqual([await attemptsAt(root, killed), await attemptsAt(root, other)], [[1, 2], [1]]);
    const [a, b] = [await spanOf(root, killed), await spanOf(root, other)];
    assert.ok(Math.max(a[0], b[0]) < Math.min(a[1], b[1]), `the arms overlap: ${JSON.stringify([a, b])}`);
    assert.match(
      notesOf(run),
      /its job was lost, and goes on from the last savepoint in a new one: failed on .*its machine, 127\.0\.0\.2, has died/,
    );
    await goesOn(root, killed);
  });

  it("halves a sweep as a run on this machine does, and ends with the same tables", async () => {
    const beta = { grid: [0.05, 0.4] };
    const arms = { ppo: { reference: "sft-1" }, salsa: { reference: "soup", beta } };
    const config = onCluster({}, { rlhf: { iterations: 4 }, arms, halving: { rungs: 1 } });
    const { cluster: _cluster, ...runtime } = config["runtime"] as Written;
    const [here, there] = [await begun("halvedHere"), await begun("halved")];
    const expected = await runTiny({ ...config, runtime }, path.dirname(here));

    const run = await runTiny(config, path.dirname(there));

    assert.match(
      notesOf(run),
      /rung 1, after 2 iterations, by validation score: on go salsa_beta[^;]*; dropped: salsa/,
    );
    assert.deepEqual(await tableFiles(run.folder), await tableFiles(expected.folder));
    assert.deepEqual(await artifactHashes(there), await artifactHashes(here));
    const rungs = [...keysOf(run).values()].filter((key) => key.startsWith("rung-"));
    assert.deepEqual(await Promise.all(rungs.map((key) => attemptsAt(there, key))), [[1], [1]]);
  });

  it("waits for a head that is started again, and goes on where jobs were that it knows nothing of", async () => {
    const root = await begun("again");
    const running = follow(onCluster({}), "again");
    const keys = await armsAtWork(root, running.check);

    await fs.mkdir(small());
    await head().restart(ownDisk === undefined ? [] : [...ownDisk, SMALL_DISK, small()]);
    const run = await running.end;

    await checkSame(root);
    for (const key of keys) {
      assert.deepEqual(await attemptsAt(root, key), [1, 2]);
      await goesOn(root, key);
    }
    const notes = notesOf(run);
    assert.match(notes, /Ray at .* cannot be reached .*; it is waited for\nthe cluster answers again/);
    assert.match(notes, /its job was lost, and goes on .*: the cluster does not know it any more/);
  });

  it("ends where a stage's job is lost again and again, and has the other arm save and end", async () => {
    const root = await begun("gone");
    const running = follow(onCluster({}, { rlhf: { iterations: 20_000 } }), "gone");
    const [lost, other] = await armsAtWork(root, running.check);
    const over = new AbortController();
    const failed = assert
      .rejects(running.end, /has lost a stage's job again|a job cannot begin/)
      .finally(() => over.abort());
    while (!over.signal.aborted) {
      const pid = await processOf(lost).catch(() => undefined);
      if (pid !== undefined) spawnSync("kill", ["-KILL", String(pid)]); // unless it has just ended
      await setTimeout(100);
    }
    await failed;
    assert.ok(existsSync(path.join(root, "records", other, "attempt-1.stop")), "it was asked to");
    await assert.rejects(processOf(other));
  });

  it("says that the shared folder is full, and goes on from the savepoints once there is room", async function () {
    if (ownDisk === undefined) {
      process.stdout.write("*** NOT TESTED: a full shared folder, without unshare --map-root-user --mount\n");
      return this.skip();
    }
    // The small disk is seen by the head's machine, by its jobs, and by the run, which is started there.
    const there = path.join("/proc", String(head().pid), "root", small());
    const root = await begun("small", there);
    await fs.writeFile(path.join(there, "tiny.salsa.json"), JSON.stringify(onCluster({})));
    const salsa = (...args: readonly string[]): Command => started(head().pid, small(), args);
    const failing = salsa("run", "tiny.salsa.json", "--yes");
    const keys = await armsAtWork(root, failing.check);
    const filler = path.join(there, "filler");
    await assert.rejects(fs.writeFile(filler, Buffer.alloc(SMALL_BYTES)), { code: "ENOSPC" });
    const failed = await failing.end;
    assert.notEqual(failed.code, 0);
    assert.match(failed.output, /no space left on the disk; free some space/);
    await fs.rm(filler);

    const resumed = await salsa("resume", "tiny-1").end;

    assert.equal(resumed.code, 0, resumed.output);
    await checkSame(root);
    await Promise.all(keys.map((key) => goesOn(root, key)));
  });

  const small = (): string => path.join(folder(), "small");

  /** The folder of a run whose arms are all that has yet to be made. */
  async function begun(name: string, at = path.join(folder(), name)): Promise<string> {
    const root = path.join(at, ".salsa");
    const source = path.join(folder(), "local", ".salsa");
    const log = await fs.readFile(path.join(source, "runs/tiny-1/events.jsonl"), "utf8");
    const ofArms = Array.from(log.matchAll(/"stage":"(?:ppo|salsa)[^"]*","key":"([^"]+)"/g), ([, key]) => key);
    assert.equal(new Set(ofArms).size, 5, "two arms, their answers and the judgments");
    const wanted = (at: string): boolean => !ofArms.includes(path.basename(at));
    await fs.cp(path.join(source, "artifacts"), path.join(root, "artifacts"), { recursive: true, filter: wanted });
    return root;
  }

  /** Begins a run; `check` throws once it has ended. */
  function follow(config: Written, name: string): { readonly end: Promise<TinyRun>; readonly check: () => void } {
    let how: string | undefined;
    const end = runTiny(config, path.join(folder(), name));
    end.then(
      ({ status }) => (how = status),
      (error: unknown) => (how = String(error)),
    );
    return { end, check: () => assert.equal(how, undefined, "the run has ended") };
  }

  /** A run's tables and artifacts are those of this machine, byte for byte. */
  async function checkSame(root: string): Promise<void> {
    const [here, there] = [path.join(folder(), "local", ".salsa"), root].map((at) => path.join(at, "runs/tiny-1"));
    assert.deepEqual(await tableFiles(there ?? ""), await tableFiles(here ?? ""));
    assert.deepEqual(await artifactHashes(root), await artifactHashes(path.join(folder(), "local", ".salsa")));
  }
}

/** A command that was started. */
interface Command {
  readonly end: Promise<{ readonly code: number | null; readonly output: string }>;
  /** Throws once it has ended. */
  readonly check: () => void;
}

/** Starts the program where a process is that has a file system of its own. */
function started(pid: number, cwd: string, args: readonly string[]): Command {
  const within = ["nsenter", "--preserve-credentials", "--user", "--mount", `--target=${pid}`, `--wd=${cwd}`];
  const [program = "", ...rest] = [...within, process.execPath, CLI, ...args];
  const command = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [command.stdout, command.stderr])
    stream.on("data", (chunk: Buffer) => (output += String(chunk)));
  const end = once(command, "close").then(([code]) => ({ code: code as number | null, output }));
  return { end, check: () => assert.equal(command.exitCode, null, output) };
}

/** The second job of a stage has gone on from a savepoint: the first one began with the first step. */
async function goesOn(root: string, key: string): Promise<void> {
  const [first, second] = [await firstStep(root, key, 1), await firstStep(root, key, 2)];
  assert.ok(second > first, `begins at step ${first}, goes on at step ${second}`);
}

/** The first step that a job of a stage says it has done. */
async function firstStep(root: string, key: string, attempt: number): Promise<number> {
  const text = await fs.readFile(path.join(root, "records", key, `attempt-${attempt}.jsonl`), "utf8");
  const [, step] = /"kind":"progress"[^\n]*?"step":(\d+)/.exec(text) ?? assert.fail("has done no step");
  return Number(step);
}

function notesOf({ events }: TinyRun): string {
  return events.flatMap((event) => (event.kind === "note" ? [event.message] : [])).join("\n");
}
