import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import fc from "fast-check";
import * as z from "zod";
import { openSavepoint } from "../../../engine/storage/savepoints.ts";
import {
  type SnapshotContent,
  type SnapshotDraft,
  readSnapshot,
  stateAs,
  writeSnapshot,
} from "../../../engine/storage/snapshots.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

/** Arrays as they are written: floats when their turn comes. */
function draftOf(tensors: SnapshotContent["tensors"]): SnapshotDraft["tensors"] {
  const entries = Object.entries(tensors).map(([name, data]) => {
    const draft =
      data instanceof Int32Array
        ? data
        : { shape: [data.length], data: (): Promise<Float32Array> => Promise.resolve(data) };
    return [name, draft] as const;
  });
  return new Map(entries);
}

describe("snapshots", () => {
  it("are none until one was written", async () => {
    await inTemporaryFolder(async (folder) => {
      assert.equal(await readSnapshot(path.join(folder, "none")), undefined);
    });
  });

  it("give back every bit of the last one written", async () => {
    const floats = fc.float32Array();
    const integers = fc.int32Array();
    const tensors = fc.dictionary(fc.string(), fc.oneof(floats, integers), { maxKeys: 4 });
    const property = fc.asyncProperty(tensors, fc.jsonValue(), async (written, json) => {
      await inTemporaryFolder(async (folder) => {
        await writeSnapshot(folder, { json: "before", tensors: draftOf({ old: Float32Array.of(1) }) });
        await writeSnapshot(folder, { json: structuredClone(json), tensors: draftOf(written) });
        const read = await readSnapshot(folder);
        assert.equal(JSON.stringify(read?.json), JSON.stringify(json));
        assert.deepEqual(Object.keys(read?.tensors ?? {}).sort(), Object.keys(written).sort());
        for (const [name, values] of Object.entries(written)) {
          const found = read?.tensors[name];
          assert.equal(found?.constructor, values.constructor);
          assert.deepEqual(Buffer.from(found.buffer), Buffer.from(values.slice().buffer));
        }
      });
    });
    await fc.assert(property, { numRuns: 25 });
  });

  it("are of the form that their writer gave them", () => {
    const form = z.object({ position: z.int().min(0) });
    assert.deepEqual(stateAs("/w/savepoint", { position: 3 }, form), { position: 3 });
    for (const json of [{ position: -1 }, { position: "3" }, {}, null, 3]) {
      assert.throws(() => stateAs("/w/savepoint", json, form), { name: "CheckpointError", file: "/w/savepoint" });
    }
  });

  it("name the file that was damaged", async () => {
    await inTemporaryFolder(async (folder) => {
      await writeSnapshot(folder, { json: 1, tensors: new Map() });
      const file = path.join((await openSavepoint(folder)) ?? "", "state.json");
      await fs.writeFile(file, "{");
      await assert.rejects(readSnapshot(folder), { name: "CheckpointError", file });
      await fs.rm(path.join(path.dirname(file), "tensors.safetensors"));
      await assert.rejects(readSnapshot(folder), { name: "CheckpointError", message: /no such file/ });
    });
  });
});
