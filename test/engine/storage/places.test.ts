import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { entryAt, isFolderAt, placeBelow, placeIn, placeOf } from "../../../engine/storage/places.ts";
import { readText, walkAt } from "../../../engine/storage/reading.ts";
import { makeFolderAt, openLogAt, removeAt, writeAt } from "../../../engine/storage/writing.ts";
import { besideOthers, putLink } from "./hostile.ts";
import { collect, inTemporaryFolder } from "./temporaryFolder.ts";

const isLink = { name: "DataError", message: /is a link, which is neither read nor written; put what it leads to/ };
const leadsOut = { name: "DataError", message: /leads out of this folder; do not use this folder/ };

describe("a place", () => {
  it("counts its root from the folder of a run, an artifact or a record, whatever those are called", () => {
    for (const [folder, root] of [
      ["/home/me/.salsa/runs/demo-1", "/home/me/.salsa"],
      ["/home/me/runs/x/.salsa/runs/runs", "/home/me/runs/x/.salsa"],
      ["/scratch/runs/mine/artifacts/runs", "/scratch/runs/mine"],
      ["/scratch/records/sft-1", "/scratch"],
      ["/home/me/copied", "/home/me/copied"],
    ] as const) {
      assert.equal(placeIn(path.resolve(folder), "run.json").root, path.resolve(root), folder);
    }
  });

  it("refuses names that lead out of its folder", () => {
    for (const name of ["../x", "tables/../../x", path.resolve("/etc/passwd"), "..", "a\0b"]) {
      assert.throws(() => placeIn("/r/runs/one", name), leadsOut, name);
      assert.throws(() => placeBelow("/r", name), leadsOut, name);
    }
    assert.equal(placeIn("/r/runs/one", "tables/..x.md").file, path.resolve("/r/runs/one/tables/..x.md"));
  });

  it("has no entry where a folder on the way is missing or a file", async () => {
    await inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, "file"), "");
      assert.equal(await entryAt(placeBelow(folder, "none/x")), undefined);
      assert.equal(await entryAt(placeBelow(folder, "file/x")), undefined);
      assert.equal(await isFolderAt(placeBelow(folder, "file")), false);
      assert.equal(await isFolderAt(placeBelow(folder, "")), true);
    });
  });

  it("may lie below a root that is a link, and below nothing else that is one", async () => {
    const left = await besideOthers(async ({ root, outside }) => {
      await putLink(root, outside);
      const place = placeIn(path.join(root, "runs", "one"), "tables/x.md");
      await writeAt(place, "text");
      assert.equal(await readText(place), "text");
      await fs.rm(path.join(outside, "runs"), { recursive: true });
    });
    assert.deepEqual(left, []);
  });
});

describe("what lies below a link", () => {
  /** Every way from the root to a file, with one part of it a link to a folder that has the rest. */
  const ways = ["runs", "runs/one", "runs/one/tables"];

  for (const linked of ways) {
    it(`is neither read, written nor removed: ${linked}`, async () => {
      const left = await besideOthers(async ({ root, outside }) => {
        const file = "runs/one/tables/x.md";
        const rest = path.relative(linked, file);
        await fs.mkdir(path.dirname(path.join(outside, rest)), { recursive: true });
        await fs.writeFile(path.join(outside, rest), "secret");
        await putLink(path.join(root, linked), outside);
        const place = placeIn(path.join(root, "runs/one"), "tables/x.md");
        await assert.rejects(readText(place), isLink);
        await assert.rejects(writeAt(place, "mine"), isLink);
        await assert.rejects(removeAt(place), isLink);
        await assert.rejects(makeFolderAt(placeIn(path.join(root, "runs/one"), "tables/more")), isLink);
        await assert.rejects(openLogAt(place), isLink);
        await assert.rejects(removeAt(placeBelow(root, linked)), isLink);
        await assert.rejects(collect(walkAt(placeBelow(root, linked))), isLink);
        assert.equal(await fs.readFile(path.join(outside, rest), "utf8"), "secret");
        for (const added of ["more", "tables/more", "one/tables/more"]) {
          await assert.rejects(fs.lstat(path.join(outside, added)), { code: "ENOENT" });
        }
      });
      assert.ok(left.length > 0);
    });
  }

  it("stays when a folder that holds links is removed, or gone through", async () => {
    const left = await besideOthers(async ({ root, outside }) => {
      await fs.writeFile(path.join(outside, "kept"), "");
      const run = path.join(root, "runs", "one");
      await putLink(path.join(run, "away"), outside);
      await putLink(path.join(run, "round"), run);
      const entries = await collect(walkAt(placeIn(run)));
      assert.deepEqual(entries.map(({ entry }) => entry.name).sort(), ["away", "round"]);
      await removeAt(placeIn(run));
      assert.deepEqual(await fs.readdir(path.join(root, "runs")), []);
    });
    assert.deepEqual(left, ["kept"]);
  });

  it("is not written to by a log or a file of a link's name", async () => {
    const left = await besideOthers(async ({ root, outside }) => {
      const run = path.join(root, "runs", "one");
      await fs.writeFile(path.join(outside, "victim"), "theirs");
      await putLink(path.join(run, "engine.log"), path.join(outside, "victim"));
      await assert.rejects(openLogAt(placeIn(run, "engine.log")), isLink);
      await writeAt(placeOf(path.join(run, "engine.log")), "mine");
      assert.equal(await fs.readFile(path.join(run, "engine.log"), "utf8"), "mine");
      assert.equal(await fs.readFile(path.join(outside, "victim"), "utf8"), "theirs");
    });
    assert.deepEqual(left, ["victim"]);
  });
});

describe("a file that is read as a whole", () => {
  it("is refused when it is larger than its format is", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      await fs.writeFile(file, "12345");
      assert.equal(await readText(placeOf(file), 5), "12345");
      await assert.rejects(readText(placeOf(file), 4), {
        name: "DataError",
        message: `${file}: holds 5 bytes, more than the 4 that are read; is it the right file?`,
      });
    });
  });
});
