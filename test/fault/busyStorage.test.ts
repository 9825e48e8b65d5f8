import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { openRun } from "../../engine/pipeline/index.ts";
import { artifactKey, Artifacts } from "../../engine/storage/artifacts.ts";
import { livingOwner, takeLock } from "../../engine/storage/locks.ts";
import { RunFolder, listRuns, runPath } from "../../engine/storage/runFolder.ts";
import { resolved, tiny } from "../engine/pipeline/tinyRun.ts";
import { hooked } from "../engine/storage/hookedDisk.ts";
import { inTemporaryFolder } from "../engine/storage/temporaryFolder.ts";

const ENGINE = new URL("../../engine/storage/", import.meta.url).href;
const KEY = artifactKey("sft", { seed: 1 });

const fill = (folder: string): Promise<void> => fs.writeFile(path.join(folder, "weights"), "weights");

/** A process id that no process has, above the largest that Linux gives out. */
const NOBODY = 2 ** 22 + 1;

describe("a stage's working folder", () => {
  it("is there for the next one when its holder finishes between the making of the folder and the lock", () =>
    inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const first = await artifacts.work(KEY);
      const finish = async (): Promise<void> => {
        await artifacts.create(KEY, fill);
        await first.release();
      };
      const { result: second, calls } = await hooked({ operation: "link", before: finish }, () => artifacts.work(KEY));
      assert.equal(calls, 1);
      assert.ok(await artifacts.has(KEY), "it looks once more, and finds the artifact");
      await second.release();
      assert.deepEqual(await fs.readdir(artifacts.folder), [path.basename(artifacts.path(KEY))]);
    }));

  it("stays with who has just taken it while a holder before is still removing its own", () =>
    inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const first = await artifacts.work(KEY);
      await artifacts.create(KEY, fill);
      let second: Awaited<ReturnType<Artifacts["work"]>> | undefined;
      const take = async (): Promise<void> => {
        second = await artifacts.work(KEY);
      };
      await hooked({ operation: "rename", at: (file) => file.includes(".work-"), after: take }, () => first.release());
      assert.notEqual(await artifacts.worker(path.basename(artifacts.path(KEY))), undefined);
      await second?.release();
      assert.equal(await artifacts.worker(path.basename(artifacts.path(KEY))), undefined);
    }));

  it("is left alone by a clean-up while somebody holds it, and removed by the next one", () =>
    inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const held = await artifacts.work(KEY);
      await artifacts.create(KEY, fill);
      await artifacts.collect();
      await fs.access(held.folder);
      await fs.writeFile(path.join(held.folder, "lock"), JSON.stringify({ pid: NOBODY, started: "1" }));
      await artifacts.collect();
      assert.deepEqual(await fs.readdir(artifacts.folder), [path.basename(artifacts.path(KEY))]);
    }));

  it("can be given a sign of life after it is gone", () =>
    inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const held = await artifacts.work(KEY, { job: "job 7" });
      await fs.rm(held.folder, { recursive: true });
      await held.beat();
      await held.release();
    }));
});

describe("the lock of a dead holder", () => {
  it("goes to one process and is never without a holder, however many have found the same one dead", () =>
    inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      await fs.writeFile(file, JSON.stringify({ pid: NOBODY, started: "1" }));
      let winner: string | undefined;
      let gaps = 0;
      const watch = async (): Promise<void> => {
        if (winner !== undefined && (await livingOwner(file))?.token !== winner) gaps += 1;
      };
      const win = async (): Promise<void> => {
        winner = (await takeLock(file)).owner.token;
      };
      const isLock = (name: string): boolean => name === file;
      const late = async (): Promise<void> => {
        const { calls } = await hooked({ operation: "open", at: isLock, after: win }, async () => {
          await assert.rejects(takeLock(file), { message: /in use by/ });
        });
        assert.equal(calls, 1);
      };
      for (const operation of ["rename", "link", "rm"] as const) {
        await fs.writeFile(file, JSON.stringify({ pid: NOBODY, started: "1" }));
        winner = undefined;
        await hooked({ operation, times: Infinity, after: watch }, late);
        assert.equal(gaps, 0, `after ${operation}`);
        assert.equal((await livingOwner(file))?.token, winner);
        await fs.rm(file);
      }
    }));
});

describe("an artifact's place", () => {
  it("takes a result though another one stood there when it came, and was removed when it was looked at", () =>
    inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const place = artifacts.path(KEY);
      await fs.mkdir(place, { recursive: true });
      await fs.writeFile(path.join(place, "part"), "");
      const isResult = (file: string): boolean => /^\.tmp-.*-sft-/.test(path.basename(file));
      const remove = (): Promise<void> => fs.rm(place, { recursive: true, force: true });
      const { calls } = await hooked({ operation: "rename", at: isResult, after: remove }, () =>
        artifacts.create(KEY, fill),
      );
      assert.equal(calls, 1);
      await artifacts.verify(KEY);
    }));
});

describe("a run's folder", () => {
  it("is of the next number when another run of its name begins and ends while the runs are listed", () =>
    inTemporaryFolder(async (folder) => {
      const config = resolved(tiny(), folder);
      const runsRoot = config.runtime.directory;
      await fs.mkdir(path.join(runsRoot, "runs"), { recursive: true });
      const other = async (): Promise<void> => {
        const run = await RunFolder.open(runsRoot, "tiny-1");
        await run.writeRun({ id: "tiny-1", by: "the other" });
        await run.close();
      };
      const { result: run, calls } = await hooked({ operation: "readdir", after: other }, () =>
        openRun({ config, runsRoot }),
      );
      assert.equal(calls, 1);
      assert.equal(path.basename(run.folder), "tiny-2");
      await run.close();
      assert.match(await fs.readFile(path.join(runPath(runsRoot, "tiny-1"), "run.json"), "utf8"), /the other/);
    }));

  it("is none that holds events already, as one from somebody else may", () =>
    inTemporaryFolder(async (folder) => {
      const config = resolved(tiny(), folder);
      const runsRoot = config.runtime.directory;
      const forged = runPath(runsRoot, "tiny-1");
      await fs.mkdir(forged, { recursive: true });
      const event = { kind: "runFinished", status: "finished", seconds: 1, time: 1, sequence: 0 };
      await fs.writeFile(path.join(forged, "events.jsonl"), `${JSON.stringify(event)}\n`);
      const run = await openRun({ config, runsRoot });
      await run.close();
      assert.equal(path.basename(run.folder), "tiny-2");
    }));

  it("is not made again when it is deleted as the run goes on", () =>
    inTemporaryFolder(async (folder) => {
      const config = resolved(tiny(), folder);
      const runsRoot = config.runtime.directory;
      const run = await RunFolder.open(runsRoot, "tiny-1");
      await run.writeRun({ id: "tiny-1" });
      await run.close();
      const remove = (): Promise<void> => fs.rm(run.folder, { recursive: true });
      const going = hooked({ operation: "link", before: remove }, () =>
        openRun({ config, runsRoot, resume: "tiny-1" }),
      );
      await assert.rejects(going, { name: "DataError", message: /tiny-1: resume: the run has been deleted; / });
      assert.deepEqual(await fs.readdir(path.join(runsRoot, "runs")), []);
    }));

  it("is not listed when the folder of all is deleted meanwhile", () =>
    inTemporaryFolder(async (root) => {
      const runs = path.join(root, "runs");
      await fs.mkdir(runs);
      const remove = (): Promise<void> => fs.rm(runs, { recursive: true });
      const { result } = await hooked({ operation: "readdir", before: remove }, () => listRuns(root));
      assert.deepEqual(result, []);
    }));
});

describe("several processes that make the same artifacts", function () {
  this.timeout(300_000);

  const [PROCESSES, ARTIFACTS] = [4, 40];

  it("make each once, wait for each other without an error, and leave nothing behind", () =>
    inTemporaryFolder(async (root) => {
      const script = `
        import * as fs from "node:fs/promises";
        import { setTimeout } from "node:timers/promises";
        import { Artifacts, artifactKey } from "${ENGINE}artifacts.ts";
        import { LockedError } from "${ENGINE}locks.ts";
        const artifacts = new Artifacts(${JSON.stringify(root)});
        for (let seed = 0; seed < ${ARTIFACTS}; seed++) {
          const key = artifactKey("sft", { seed });
          while ((await artifacts.get(key)) === undefined) {
            let held;
            try {
              held = await artifacts.work(key);
            } catch (error) {
              if (!(error instanceof LockedError)) throw error;
              await setTimeout(1);
              continue;
            }
            try {
              if ((await artifacts.get(key)) !== undefined) continue;
              await artifacts.create(key, async (folder) => {
                await fs.appendFile(${JSON.stringify(path.join(root, "made"))}, seed + "\\n");
                await fs.writeFile(folder + "/weights", "w".repeat(1000));
              });
            } finally {
              await held.release();
            }
          }
        }`;
      const run = (): Promise<unknown> =>
        promisify(execFile)(process.execPath, ["--input-type=module-typescript", "-e", script]);
      await Promise.all(Array.from({ length: PROCESSES }, run));
      const made = (await fs.readFile(path.join(root, "made"), "utf8")).trim().split("\n");
      assert.deepEqual(new Set(made).size, made.length, "nothing is made twice");
      assert.equal(made.length, ARTIFACTS);
      const left = await fs.readdir(path.join(root, "artifacts"));
      assert.deepEqual(
        left.filter((name) => !name.startsWith("sft-")),
        [],
      );
    }));
});
