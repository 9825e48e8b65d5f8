import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { mentionedArtifacts } from "../../../../engine/protocol/service.ts";
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

  it("is told with sizes and users, and only what no run uses and was named goes", async () => {
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
        // What is there is taken, what is gone is made again.
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
});
