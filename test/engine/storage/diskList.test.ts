import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as fc from "fast-check";
import { DiskList } from "../../../engine/storage/diskList.ts";
import { heldBytes } from "../../heldBytes.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

/** An item of some kilobytes: a few hundred fill what is held. */
const large = (at: number): { readonly at: number; readonly tokens: number[]; readonly learned: Uint8Array } => ({
  at,
  tokens: Array.from({ length: 3000 }, (_, token) => (at * 7919 + token) % 49_152),
  learned: Uint8Array.from({ length: 3000 }, (_, token) => (at + token) % 2),
});

async function inList<T>(work: (list: DiskList<T>, file: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const file = path.join(folder, "items");
    const list = new DiskList<T>(file);
    try {
      await work(list, file);
    } finally {
      await list.release();
    }
    assert.deepEqual(await fs.readdir(folder), [], "its file goes with it");
  });
}

describe("a list on the disk", function () {
  this.timeout(120_000);

  it("gives its items by their numbers, in any order, whether they have been written or are held", async () => {
    await inList<ReturnType<typeof large>>(async (list, file) => {
      const count = 1500;
      for (let at = 0; at < count; at++) await list.add(large(at));
      assert.equal(list.length, count);
      const { size } = await fs.stat(file);
      assert.ok(size > 4 * 2 ** 20, "most of it is in the file");
      const numbers = fc.array(fc.nat(count - 1), { maxLength: 20 });
      await fc.assert(
        fc.asyncProperty(numbers, async (asked) => {
          assert.deepEqual(await list.pick(asked), asked.map(large));
        }),
        { numRuns: 30 },
      );
      assert.deepEqual(await list.pick([count - 1, 0]), [large(count - 1), large(0)]);
      await assert.rejects(list.pick([count]), /there is no item 1500 of 1500/);
    });
  });

  it("holds a few bytes for each item, whatever the items have", async () => {
    await inList<readonly number[]>(async (list) => {
      const tokens = Array.from({ length: 500 }, (_, token) => token * 90);
      const before = heldBytes();
      const count = 100_000;
      for (let at = 0; at < count; at++) await list.add(tokens);
      const after = heldBytes();
      // Of these, some megabytes wait to be written, however many items there are.
      const each = (after.heap - before.heap + after.buffers - before.buffers - 8 * 2 ** 20) / count;
      assert.ok(each < 32, `${Math.round(each)} bytes an item, each of which has ${tokens.length} tokens`);
      assert.deepEqual(await list.pick([count >> 1]), [tokens]);
    });
  });

  it("has no file while it is short", async () => {
    await inList<number>(async (list, file) => {
      for (let at = 0; at < 100; at++) await list.add(at);
      await assert.rejects(fs.stat(file));
      assert.deepEqual(await list.pick([99, 0]), [99, 0]);
    });
  });

  it("replaces what a killed process has left under its name", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "items");
      await fs.writeFile(file, "left behind");
      const list = new DiskList<object>(file);
      for (let at = 0; at < 600; at++) await list.add(large(at));
      assert.deepEqual(await list.pick([0]), [large(0)]);
      await list.release();
      await assert.rejects(fs.stat(file));
    });
  });

  it("says so when somebody has cut its file", async () => {
    await inList<object>(async (list, file) => {
      for (let at = 0; at < 600; at++) await list.add(large(at));
      await fs.truncate(file, 1000);
      await assert.rejects(list.pick([300]), /items: read: the disk reported an error/);
    });
  });
});
