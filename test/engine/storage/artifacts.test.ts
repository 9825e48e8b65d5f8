import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import fc from "fast-check";
import { artifactKey, Artifacts } from "../../../engine/storage/artifacts.ts";
import { canonicalJson, duplicateKey, firstDifference, type Json, stableHash } from "../../../engine/storage/json.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

const KEY = artifactKey("sft", { learningRate: 1e-3, seed: 1 });

const fill = async (folder: string): Promise<void> => {
  await fs.mkdir(path.join(folder, "tables"));
  await fs.writeFile(path.join(folder, "tables", "a.md"), "table");
  await fs.writeFile(path.join(folder, "weights"), "weights");
};

describe("stableHash", () => {
  it("is the SHA-256 of canonical JSON", () => {
    // echo -n '{"a":[1,0.5],"b":null}' | sha256sum
    const expected = "01b9c5a6e6f861c62aa1a87f8c3a4824df23bc344a041265f1bc65cc511b2537";
    assert.equal(canonicalJson({ b: null, a: [1, 0.5] }), '{"a":[1,0.5],"b":null}');
    assert.equal(stableHash({ b: null, a: [1, 0.5] }), expected);
  });

  it("does not depend on the order of keys or on keys that are undefined", () => {
    const property = fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      assert.equal(stableHash({ ...reversed, "\0none": undefined }), stableHash(value));
    });
    fc.assert(property);
  });

  it("has no hash for what JSON cannot hold", () => {
    assert.throws(() => stableHash({ loss: NaN }), TypeError);
  });
});

describe("firstDifference", () => {
  it("is none exactly when two values have the same hash", () => {
    const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>;
    const property = fc.property(json, json, (a, b) => {
      assert.equal(firstDifference(a, b) === undefined, stableHash(a) === stableHash(b));
      assert.equal(firstDifference(a, structuredClone(a)), undefined);
    });
    fc.assert(property);
  });
});

describe("duplicateKey", () => {
  it("finds none in what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.equal(duplicateKey(text), undefined);
      }),
    );
  });

  it("finds keys that are equal once their escapes are read, in one object only", () => {
    assert.equal(duplicateKey('{"a":{"b":1},"c":{"b":"a\\"a"},"\\u0061":3}'), "a");
  });

  it("reads strings of tens of megabytes", () => {
    for (const piece of ["x", "\\n"]) assert.equal(duplicateKey(`{"${piece.repeat(1e7)}":1,"a":1,"a":2}`), "a");
  });
});

describe("Artifacts", () => {
  it("are found under their key once they are finished", async () => {
    await inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      assert.equal(await artifacts.get(KEY), undefined);
      const folder = await artifacts.create(KEY, fill);
      assert.equal(await artifacts.get(KEY), folder);
      assert.equal(await fs.readFile(path.join(folder, "tables", "a.md"), "utf8"), "table");
      assert.equal(await artifacts.get(artifactKey("sft", { learningRate: 1e-3, seed: 2 })), undefined);
      await artifacts.verify(KEY);
    });
  });

  it("do not appear when building them fails, and leave nothing behind", async () => {
    await inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const failing = async (folder: string): Promise<void> => {
        await fill(folder);
        throw new Error("out of luck");
      };
      await assert.rejects(artifacts.create(KEY, failing), /out of luck/);
      assert.deepEqual(await fs.readdir(artifacts.folder), []);
    });
  });

  it("are not taken for finished when a crash left them half-written, and that is collected", async () => {
    await inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      await artifacts.create(KEY, fill);
      const dead = path.join(artifacts.folder, `.tmp-${2 ** 30}-1-rlhf-0123456789abcdef`); // above any pid of Linux
      const alive = path.join(artifacts.folder, `.tmp-${process.pid}-1-rlhf-0123456789abcdef`);
      for (const folder of [dead, alive]) await fs.mkdir(folder);
      await fill(dead);
      await artifacts.collect();
      const left = await fs.readdir(artifacts.folder);
      assert.deepEqual(left.sort(), [path.basename(alive), path.basename(artifacts.path(KEY))].sort());
    });
  });

  it("collect nothing where there is no folder yet", async () => {
    await inTemporaryFolder((root) => new Artifacts(root).collect());
  });

  it("keep the first of two that were made at the same time", async () => {
    await inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const folders = await Promise.all([artifacts.create(KEY, fill), artifacts.create(KEY, fill)]);
      assert.equal(folders[0], folders[1]);
      assert.deepEqual(await fs.readdir(artifacts.folder), [path.basename(folders[0])]);
      await artifacts.verify(KEY);
    });
  });

  it("name the file that is damaged: cut when fetched, changed or missing when verified", async () => {
    await inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const file = path.join(await artifacts.create(KEY, fill), "weights");
      await fs.writeFile(file, "WEIGHTS");
      await artifacts.get(KEY);
      await assert.rejects(artifacts.verify(KEY), { name: "CheckpointError", file, message: /changed; remove the/ });
      await fs.truncate(file, 3);
      await assert.rejects(artifacts.get(KEY), { name: "CheckpointError", file, message: /3 bytes where 7/ });
      await fs.rm(file);
      await assert.rejects(artifacts.get(KEY), { name: "CheckpointError", file, message: /no bytes where 7/ });
      await assert.rejects(artifacts.verify(KEY), { name: "CheckpointError", file, message: /missing/ });
      await fs.writeFile(path.join(path.dirname(file), "manifest.json"), "{");
      await assert.rejects(artifacts.get(KEY), { name: "CheckpointError", message: /manifest is not JSON/ });
    });
  });

  it("give a stage a working folder that outlives failures and ends with the artifact", async () => {
    await inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const first = await artifacts.work(KEY);
      await fs.writeFile(path.join(first.folder, "state"), "step 7");
      await assert.rejects(artifacts.work(KEY), { name: "DiskError", message: new RegExp(`process ${process.pid}`) });
      await first.release();
      const failing = artifacts.create(KEY, () => Promise.reject(new Error("killed")));
      await assert.rejects(failing, /killed/);
      const second = await artifacts.work(KEY);
      assert.equal(await fs.readFile(path.join(second.folder, "state"), "utf8"), "step 7");
      await second.release();
      await artifacts.create(KEY, fill);
      assert.deepEqual(await fs.readdir(artifacts.folder), [path.basename(artifacts.path(KEY))]);
    });
  });

  it("take plain stage names only", () => {
    assert.throws(() => artifactKey("../sft", {}), RangeError);
  });
});
