import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { type Written, artifactHashes, runTiny, tiny } from "../engine/pipeline/tinyRun.ts";
import { runBase } from "../engine/pipeline/ownData.ts";
import { type Ended, assertClearError, salsa } from "../e2e/salsaProcess.ts";
import { deleteRun } from "../../engine/server/service/removal.ts";
import { Runs } from "../../engine/server/service/runs.ts";
import { lockOf, takeLock } from "../../engine/storage/locks.ts";
import { finishedEvents, writeRun } from "../engine/server/service/runFolders.ts";
import { inTemporaryFolder } from "../engine/storage/temporaryFolder.ts";

/** Runs a config that lies in `folder`. */
async function run(folder: string, written: Written, ...more: readonly string[]): Promise<Ended> {
  const config = path.join(folder, "tiny.salsa.json");
  await fs.writeFile(config, JSON.stringify(written));
  return salsa(["run", config, ...more]);
}

/** Hashes of artifacts, without working folders: a savepoint may well be there. */
async function finishedArtifacts(folder: string): Promise<ReadonlyMap<string, string>> {
  return new Map(
    [...(await artifactHashes(path.join(folder, ".salsa")))].filter(([name]) => !name.startsWith(".work-")),
  );
}

describe("a training that diverges", function () {
  this.timeout(240_000);

  it("stops at the step, names the metric and what to change, and keeps what was finished", async () => {
    await inTemporaryFolder(async (folder) => {
      await runBase(tiny(), folder);
      const before = await finishedArtifacts(folder);
      // Decay of 100 at a rate of 1 multiplies weights by −99 a step: they leave f32 in some twenty steps.
      const ended = await run(
        folder,
        tiny({ sft: { learningRate: 1, weightDecay: 100, steps: 60, schedule: "constant" } }),
      );
      assertClearError(ended, { code: 1, message: /sft step \d+: .* is (NaN|-?Infinity); lower the learning rate/ });
      assert.deepEqual(await finishedArtifacts(folder), before);
    });
  });
});

describe("RLHF that would sample otherwise than it learns", function () {
  this.timeout(240_000);

  it("is refused before anything is trained", async () => {
    await inTemporaryFolder(async (folder) => {
      const message = /rlhf\.topP: .*/;
      assertClearError(await run(folder, tiny({ rlhf: { topP: 0.5 } })), { code: 2, message });
      assert.ok(!(await fs.readdir(folder)).includes(".salsa"), "nothing has begun");
    });
  });
});

/** Fills the disk; gives the room back when called. */
type Fill = () => Promise<() => Promise<void>>;

interface SmallDisk {
  readonly name: string;
  /** Sets a limit on the process. */
  readonly shell: string;
  readonly within: (work: (folder: string, fill: Fill) => Promise<void>) => Promise<void>;
}

const LIMITED: SmallDisk = {
  name: "a limit on files' sizes",
  // In blocks of 512 bytes; without the trap the signal would end the process.
  shell: 'trap "" XFSZ; ulimit -f 16',
  within: (work) => inTemporaryFolder((folder) => work(folder, () => Promise.resolve(() => Promise.resolve()))),
};

/** A file system of 4 MiB, in memory. */
const FULL: SmallDisk = {
  name: "a full disk",
  shell: "true",
  within: (work) =>
    inTemporaryFolder(async (parent) => {
      const folder = path.join(parent, "disk");
      await fs.mkdir(folder);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]);
      try {
        await work(folder, async () => {
          const filler = path.join(folder, "filler");
          const { bavail, bsize } = await fs.statfs(folder);
          await fs.writeFile(filler, Buffer.alloc(bavail * bsize - 2 ** 15)); // 32 KiB are left
          return () => fs.rm(filler);
        });
      } finally {
        execFileSync("umount", ["-l", folder]);
      }
    }),
};

/** True if this process may mount a file system, which in most places is for root alone. */
async function canMount(): Promise<boolean> {
  try {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-mount-"));
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
      execFileSync("umount", [folder]);
      return true;
    } finally {
      await fs.rmdir(folder);
    }
  } catch {
    return false;
  }
}

const SMALL_DISKS = (await canMount()) ? [LIMITED, FULL] : [LIMITED];

describe("a disk that takes no more", function () {
  this.timeout(120_000);

  for (const { name, shell, within } of SMALL_DISKS) {
    it(`by ${name} is reported with the file and a remedy; the run goes on once there is room`, async () => {
      await within(async (folder, fill) => {
        const started = await runBase(tiny(), folder);
        const before = await finishedArtifacts(folder);
        const free = await fill();

        const ended = await salsa(["resume", started.folder], { shell });
        const message =
          /\.salsa\/.*: (no space left on the disk|the file would be larger than this system allows); (free|raise)/;
        assertClearError(ended, { code: 1, message });
        assert.deepEqual(await finishedArtifacts(folder), before);

        await free();
        const last = await salsa(["resume", started.folder]);
        assert.equal(last.code, 0, last.stderr);
        await inTemporaryFolder(async (elsewhere) => {
          await runTiny(tiny(), elsewhere);
          assert.deepEqual(await finishedArtifacts(folder), await finishedArtifacts(elsewhere));
        });
      });
    });
  }

  if (SMALL_DISKS.includes(FULL)) {
    it("gives a run up that is deleted to make room, though there is none for a lock; but none that is held", async () => {
      await FULL.within(async (folder, fill) => {
        const key = "base-0123456789abcdef";
        const artifact = path.join(folder, ".salsa", "artifacts", key);
        await fs.mkdir(artifact, { recursive: true });
        await fs.writeFile(path.join(artifact, "weights"), Buffer.alloc(2 ** 16));
        const done = await writeRun(folder, "done-1", { events: finishedEvents("done-1", key) });
        const busy = await writeRun(folder, "busy-1", {
          events: finishedEvents("busy-1", "base-fedcba9876543210").slice(0, -1),
        });
        const held = await takeLock(lockOf(busy));
        await fill();
        await assert.rejects(fs.writeFile(path.join(folder, "rest"), Buffer.alloc(2 ** 16)), /ENOSPC/);
        const runs = new Runs({ client: () => "test", log: () => undefined, send: () => Promise.resolve() });
        try {
          await assert.rejects(
            deleteRun(runs, await runs.get(busy), true),
            /delete run: process \d+ .* is at work on it/,
          );
          assert.ok((await deleteRun(runs, await runs.get(done), true)) > 2 ** 16);
        } finally {
          runs.close();
          await held.release();
        }
        assert.deepEqual(await fs.readdir(path.join(folder, ".salsa", "artifacts")), []);
        assert.deepEqual(await fs.readdir(path.join(folder, ".salsa", "runs")), ["busy-1"]);
      });
    });
  }

  it("because the folder lies under a file names the path", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "file");
      await fs.writeFile(file, "");
      const where = /\/file\/runs.*: a part of the path is a file where a folder is needed; /;
      assertClearError(await run(folder, tiny(), "--directory", path.join(file, "runs")), { code: 1, message: where });
      const souped = await salsa(["soup", folder, folder, "--out", path.join(file, "soup")]);
      assertClearError(souped, { code: 1, message: /\/file\/soup.*: a part of the path is a file.*; / });
    });
  });
});

describe("a file of a run that was damaged on disk", function () {
  this.timeout(240_000);

  /** Cuts a file short, to as many bytes. */
  const cut = (file: string): Promise<void> => fs.truncate(file, 100);

  it("is named when it is a savepoint", async () => {
    await inTemporaryFolder(async (folder) => {
      const controller = new AbortController();
      const stopped = await runTiny(tiny(), folder, {
        signal: controller.signal,
        onEvent: ({ kind }) => {
          if (kind === "progress") controller.abort();
        },
      });
      const artifacts = path.join(folder, ".salsa", "artifacts");
      const files = (await fs.readdir(artifacts, { recursive: true })).filter((name) => name.endsWith(".safetensors"));
      assert.equal(files.length, 1);
      for (const name of files) await cut(path.join(artifacts, name));
      const ended = await salsa(["resume", stopped.folder]);
      assertClearError(ended, { code: 1, message: /savepoint\/state-1\/tensors\.safetensors: .*; / });
    });
  });

  it("is named when it is the run's log", async () => {
    await inTemporaryFolder(async (folder) => {
      const stopped = await runBase(tiny(), folder);
      const log = path.join(stopped.folder, "events.jsonl");
      const [first, ...rest] = (await fs.readFile(log, "utf8")).split("\n");
      await fs.writeFile(log, [first, "{{{", ...rest].join("\n"));
      assertClearError(await salsa(["resume", stopped.folder]), {
        code: 1,
        message: /events\.jsonl:2: .*not JSON; remove/,
      });
    });
  });
});
