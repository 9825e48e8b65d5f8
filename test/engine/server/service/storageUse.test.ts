import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { REPORT_TARGETS } from "../../../../engine/config/index.ts";
import { TRACKERS } from "../../../../engine/pipeline/tracking/index.ts";
import { mentionedArtifacts } from "../../../../engine/protocol/storageUse.ts";
import { writeOrder } from "../../../../engine/storage/attempts.ts";
import { keysOf, runTiny, tiny } from "../../pipeline/tinyRun.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";
import { finishedEvents, writeRun } from "./runFolders.ts";
import { withService } from "./serviceClient.ts";

const UNUSED = "sft-aaaaaaaaaaaaaaaa";

async function writeArtifact(root: string, name: string, bytes: number): Promise<void> {
  await fs.mkdir(path.join(root, "artifacts", name), { recursive: true });
  await fs.writeFile(path.join(root, "artifacts", name, "weights"), Buffer.alloc(bytes));
}

describe("what a folder of runs holds", function () {
  this.timeout(120_000);

  it("is listed with sizes and users, and only what no run uses and was named goes", async () => {
    await inTemporaryFolder(async (folder) => {
      const one = await runTiny(tiny(), folder);
      const other = await runTiny(tiny({ name: "other", rlhf: { beta: 0.1 } }), folder);
      const root = path.join(folder, ".salsa");
      const [ownKeys, otherKeys] = [new Set(keysOf(one).values()), new Set(keysOf(other).values())];
      const own = [...ownKeys.difference(otherKeys)].map((key) => `artifacts/${key}`);
      await withService(async ({ ask }) => {
        const before = await ask("storageUse", { root, mentioned: [] });
        assert.deepEqual(
          before.entries.filter(({ canGo }) => canGo),
          [],
        );
        const usersOf = (name: string): readonly string[] =>
          before.entries.find((entry) => entry.name === name)?.usedBy ?? [];
        const shared = [...ownKeys.intersection(otherKeys)][0] ?? "";
        assert.deepEqual([...usersOf(`artifacts/${shared}`)].sort(), ["other-1", "tiny-1"]);
        assert.deepEqual(usersOf(own[0] ?? ""), ["tiny-1"]);
        const sum = before.entries.reduce((total, { bytes }) => total + bytes, before.otherBytes);
        assert.equal(before.totalBytes, sum);

        await ask("deleteRun", { folder: one.folder, artifacts: false });
        const after = await ask("storageUse", { root, mentioned: [] });
        const free = after.entries.filter(({ canGo }) => canGo);
        assert.deepEqual(free.map(({ name }) => name).sort(), own.toSorted());
        assert.ok(free.every(({ bytes, kind, usedBy }) => bytes > 0 && kind === "artifact" && usedBy.length === 0));

        const [first = "", second = ""] = own;
        const names = [first, `artifacts/${shared}`, "runs/other-1", "../elsewhere"];
        const { removed, freedBytes } = await ask("cleanUp", { root, mentioned: [], names });
        assert.deepEqual(removed, [first]);
        const size = free.find(({ name }) => name === first)?.bytes ?? 0;
        assert.equal(freedBytes, size);
        const left = new Set(await fs.readdir(path.join(root, "artifacts")));
        assert.ok(!left.has(path.basename(first)) && left.has(path.basename(second)) && left.has(shared));
        assert.deepEqual(await fs.readdir(path.join(root, "runs")), ["other-1"]);
        // Results that are there are taken, others are made again.
        const again = await runTiny(tiny(), folder);
        assert.deepEqual(new Set(keysOf(again).values()), ownKeys);
      });
    });
  });

  it("counts what configs mention as used, and what a run at work may come to take", async () => {
    await inTemporaryFolder(async (folder) => {
      const root = path.join(folder, ".salsa");
      await writeRun(folder, "a-1", { events: finishedEvents("a-1") });
      await writeRun(folder, "b-1", {
        events: finishedEvents("b-1"),
        record: { config: { model: { checkpoint: `${root}/artifacts/reward-bbbbbbbbbbbbbbbb` } } },
      });
      for (const name of [UNUSED, "reward-bbbbbbbbbbbbbbbb", "reward-cccccccccccccccc"])
        await writeArtifact(root, name, 10);
      await writeArtifact(root, "sft-dddddddddddddddd.damaged-20260101T000000000Z", 5);
      const text = '{ "model": { "checkpoint": "../.salsa/artifacts/reward-cccccccccccccccc" } }';
      await withService(async ({ ask }) => {
        const { entries } = await ask("storageUse", { root, mentioned: mentionedArtifacts(text) });
        const free = entries.filter(({ canGo }) => canGo).map(({ name }) => name);
        assert.deepEqual(free, [`artifacts/${UNUSED}`, "artifacts/sft-dddddddddddddddd.damaged-20260101T000000000Z"]);
      });
    });
  });

  it("names the metrics for other tools of each run, which go with it, and another run's stay", async () => {
    await inTemporaryFolder(async (folder) => {
      const root = path.join(folder, ".salsa");
      const one = await writeRun(folder, "a-1", { events: finishedEvents("a-1") });
      await writeRun(folder, "b-1", { events: finishedEvents("b-1") });
      for (const run of ["a-1", "b-1"]) {
        for (const target of REPORT_TARGETS) {
          const about = { run, experiment: "demo", stage: "salsa", facts: {}, startedAt: 1_700_000_000_000 };
          const tracker = TRACKERS[target].open(path.join(root, target), about);
          tracker.log(1, 1_700_000_001_000, { "objective/kl": 0.5 });
          tracker.end(1_700_000_002_000, "finished");
        }
      }
      const foreign = path.join(root, "tensorboard", "mine", "events.out.tfevents.1");
      await fs.mkdir(path.dirname(foreign));
      await fs.writeFile(foreign, Buffer.alloc(7));
      await withService(async ({ ask }) => {
        const before = await ask("storageUse", { root, mentioned: [] });
        const tracking = before.entries.filter(({ kind }) => kind === "tracking");
        const byUser = Map.groupBy(tracking, ({ usedBy }) => usedBy.join());
        assert.deepEqual([...byUser].map(([user, { length }]) => [user, length]).sort(), [
          ["", 1],
          ["a-1", 3],
          ["b-1", 3],
        ]);
        assert.ok(tracking.every(({ bytes, canGo, usedBy }) => bytes > 0 && canGo === (usedBy.length === 0)));
        const own = (byUser.get("a-1") ?? []).map(({ name }) => name);
        const size = await ask("sizeOf", { folder: one });
        assert.deepEqual([...size.tracking].sort(), own.toSorted());
        const { freedBytes } = await ask("deleteRun", { folder: one, artifacts: false });
        // With the lock that deleting takes.
        assert.ok(freedBytes >= size.runBytes);
        const { entries } = await ask("storageUse", { root, mentioned: [] });
        assert.deepEqual(
          entries
            .filter(({ kind }) => kind === "tracking")
            .map(({ usedBy }) => usedBy.join())
            .sort(),
          ["", "b-1", "b-1", "b-1"],
        );
        await ask("cleanUp", { root, mentioned: [], names: ["tensorboard/mine", ...own] });
        assert.deepEqual((await fs.readdir(path.join(root, "tensorboard"))).sort(), ["b-1"]);
        await ask("deleteRun", { folder: path.join(root, "runs", "b-1"), artifacts: false });
        for (const target of REPORT_TARGETS) assert.deepEqual(await fs.readdir(path.join(root, target)), [], target);
      });
    });
  });

  it("names copies of inputs for a cluster with the runs that read them", async () => {
    await inTemporaryFolder(async (folder) => {
      const root = path.join(folder, ".salsa");
      const key = "sft-aaaaaaaaaaaaaaaa";
      const run = await writeRun(folder, "a-1", { events: finishedEvents("a-1", key) });
      for (const name of ["0123456789abcdef", "checkpoint-0123456789abcdef"]) {
        await fs.mkdir(path.join(root, "inputs", name), { recursive: true });
        await fs.writeFile(path.join(root, "inputs", name, "data"), Buffer.alloc(9));
      }
      const inputs = { data: { at: "inputs/0123456789abcdef/pairs.jsonl", fingerprint: "0", rows: 1, longestRow: 1 } };
      await writeOrder({ root, key, number: 1 }, { inputs });
      await writeArtifact(root, key, 10);
      await withService(async ({ ask }) => {
        const { entries } = await ask("storageUse", { root, mentioned: [] });
        const copies = entries.filter(({ kind }) => kind === "input").sort((a, b) => (a.name < b.name ? -1 : 1));
        assert.deepEqual(copies, [
          { name: "inputs/0123456789abcdef", kind: "input", bytes: 9, usedBy: ["a-1"], canGo: false },
          { name: "inputs/checkpoint-0123456789abcdef", kind: "input", bytes: 9, usedBy: [], canGo: true },
        ]);
        const names = copies.map(({ name }) => name);
        assert.deepEqual((await ask("cleanUp", { root, mentioned: [], names })).removed, [names[1]]);
        const { artifacts } = await ask("sizeOf", { folder: run });
        assert.ok(artifacts.includes("inputs/0123456789abcdef"));
        await ask("deleteRun", { folder: run, artifacts: true });
        assert.deepEqual(await fs.readdir(path.join(root, "inputs")), []);
      });
    });
  });
});
