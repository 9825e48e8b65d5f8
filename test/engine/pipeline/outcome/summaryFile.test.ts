import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { keepSummary, readSummary } from "../../../../engine/pipeline/outcome/summaryFile.ts";
import type { RunSummary } from "../../../../engine/protocol/service.ts";
import { Runs } from "../../../../engine/server/service/runs.ts";
import { RunFolder } from "../../../../engine/storage/runFolder.ts";
import { finishedEvents, linesOf, stamped, writeRun } from "../../server/service/runFolders.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { runTiny, TINY } from "../tinyRun.ts";

/** The first list of a new service. */
async function listed(root: string): Promise<readonly RunSummary[]> {
  const runs = new Runs({ client: () => "test", log: () => undefined, send: () => Promise.resolve() });
  try {
    runs.setRoots([root]);
    return await runs.list();
  } finally {
    runs.close();
  }
}

/** Leaves the summary of a run that was written by hand. */
async function keep(root: string, id: string): Promise<void> {
  const held = await RunFolder.open(root, id);
  try {
    await keepSummary(held);
  } finally {
    await held.close();
  }
}

/** A finished run with its summary, and one whose summary says another device than its log: who lists it reads which? */
async function withTwo(
  work: (at: { readonly root: string; readonly folder: string; readonly file: string }) => Promise<void>,
): Promise<void> {
  await inTemporaryFolder(async (top) => {
    const root = path.join(top, ".salsa");
    const folder = await writeRun(top, "one-1", { events: finishedEvents("one-1") });
    const before = await listed(root);
    await keep(root, "one-1");
    assert.deepEqual(await listed(root), before);
    const file = path.join(folder, "summary.json");
    await fs.writeFile(file, (await fs.readFile(file, "utf8")).replace("wasm, 1 thread", "said in short"));
    await work({ root, folder, file });
  });
}

const deviceIn = async (root: string): Promise<string | undefined> => (await listed(root))[0]?.device;

describe("the summary that a run leaves", () => {
  it("is what its log says, and spares lists the log", async () => {
    await withTwo(async ({ root }) => assert.equal(await deviceIn(root), "said in short"));
  });

  it("no longer counts once log or description have changed, or somebody holds the run", async () => {
    await withTwo(async ({ root, folder }) => {
      const description = path.join(folder, "run.json");
      const { atime, mtime } = await fs.stat(description);
      await fs.utimes(description, atime, new Date(Number(mtime) + 1000));
      assert.equal(await deviceIn(root), "wasm, 1 thread");
      await keep(root, "one-1");
      const more = stamped([{ kind: "runFailed", error: "DiskError", message: "full", stage: null }], { first: 8 });
      await fs.appendFile(path.join(folder, "events.jsonl"), linesOf(more));
      assert.equal((await listed(root))[0]?.status, "failed");
    });
    await withTwo(async ({ root }) => {
      const held = await RunFolder.open(root, "one-1");
      assert.equal(await deviceIn(root), "wasm, 1 thread");
      await held.close();
    });
  });

  it("is passed over where it is a link, damaged, too large or of another shape", async () => {
    await withTwo(async ({ root, file }) => {
      const written = await fs.readFile(file, "utf8");
      const others = ["{", "null", `${written}${" ".repeat(2 ** 18)}`, written.replace('"nAlarms":0', '"nAlarms":-1')];
      for (const other of others) {
        await fs.writeFile(file, other);
        assert.equal(await deviceIn(root), "wasm, 1 thread");
      }
      const elsewhere = path.join(root, "elsewhere.json");
      await fs.writeFile(elsewhere, written);
      await fs.rm(file);
      await fs.symlink(elsewhere, file);
      assert.equal(await deviceIn(root), "wasm, 1 thread");
    });
  });

  it("does not stand in for the run where more is asked for", async () => {
    await withTwo(async ({ root, folder }) => {
      const runs = new Runs({ client: () => "test", log: () => undefined, send: () => Promise.resolve() });
      try {
        runs.setRoots([root]);
        await runs.list();
        const [brief] = runs.listed();
        assert.deepEqual([brief?.isReadInFull, brief?.brief.stages.length], [false, 0]);
        const [full] = await runs.inFull(() => true);
        assert.deepEqual([full?.brief.device, full?.brief.stages.length], ["wasm, 1 thread", 2]);
        assert.equal((await runs.get(folder)).summary().device, "wasm, 1 thread");
      } finally {
        runs.close();
      }
    });
  });

  it("is left by every run that ends by itself, with its result, and says what its log does", async function () {
    this.timeout(60_000);
    await inTemporaryFolder(async (folder) => {
      const text = "a config";
      await fs.writeFile(path.join(folder, "tiny.salsa.json"), text);
      const run = await runTiny(TINY, folder);
      const left = await readSummary(run.folder);
      assert.equal(left?.status, "finished");
      assert.equal(left.configHash, createHash("sha256").update(text).digest("hex"));
      assert.equal(left.result?.b, "ppo");
      await fs.rm(path.join(run.folder, "summary.json"));
      assert.deepEqual(await listed(run.config.runtime.directory), [left]);
    });
  });

  it("is left by none whose log another version wrote, or that has not ended", async () => {
    await inTemporaryFolder(async (top) => {
      const root = path.join(top, ".salsa");
      const newer = stamped([{ kind: "weather" }], { first: 8 });
      const folders = [
        await writeRun(top, "new-1", { events: [...finishedEvents("new-1"), ...newer] }),
        await writeRun(top, "cut-1", { events: finishedEvents("cut-1").slice(0, 4) }),
      ];
      for (const folder of folders) {
        await keep(root, path.basename(folder));
        assert.equal(await readSummary(folder), undefined);
      }
    });
  });
});
