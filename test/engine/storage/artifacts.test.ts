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

  it("name the file that is damaged: cut, changed or missing", async () => {
    await inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const file = path.join(await artifacts.create(KEY, fill), "weights");
      await fs.writeFile(file, "WEIGHTS");
      const changed = { name: "CheckpointError", file, message: /content has changed; run the config again/ };
      await assert.rejects(artifacts.get(KEY), changed);
      await assert.rejects(artifacts.verify(KEY), changed);
      await fs.truncate(file, 3);
      await assert.rejects(artifacts.get(KEY), { name: "CheckpointError", file, message: /3 bytes where 7/ });
      await fs.rm(file);
      await assert.rejects(artifacts.get(KEY), { name: "CheckpointError", file, message: /no bytes where 7/ });
      await assert.rejects(artifacts.verify(KEY), { name: "CheckpointError", file, message: /no bytes where 7/ });
      const manifest = path.join(path.dirname(file), "manifest.json");
      await fs.writeFile(manifest, "{");
      await assert.rejects(artifacts.get(KEY), { name: "CheckpointError", message: /manifest is not JSON/ });
      await artifacts.collect();
      await fs.rm(manifest);
      await assert.rejects(artifacts.get(KEY), { name: "CheckpointError", message: /it has no manifest/ });
      assert.equal(await artifacts.has(KEY), false);
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
      await artifacts.create(KEY, fill);
      await second.release();
      assert.deepEqual(await fs.readdir(artifacts.folder), [path.basename(artifacts.path(KEY))]);
    });
  });

  it("are read once, and again when a file looks different", async () => {
    await inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const file = path.join(await artifacts.create(KEY, fill), "weights");
      const bytesRead = async (): Promise<number> => {
        let most = 0;
        await artifacts.get(KEY, (done) => (most = Math.max(most, done)));
        return most;
      };
      const all = "table".length + "weights".length;
      assert.equal(await bytesRead(), 0, "this process has just written it");
      await fs.utimes(file, 1, 1);
      assert.equal(await bytesRead(), all);
      assert.equal(await bytesRead(), 0);
      await fs.rm(path.join(root, "records"), { recursive: true });
      assert.equal(await bytesRead(), all, "nothing is remembered of a folder that came from elsewhere");
      assert.equal(await bytesRead(), 0);
    });
  });

  it("are found out when a page of zeros has the old size and time", async () => {
    await inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const big = (folder: string): Promise<void> => fs.writeFile(path.join(folder, "weights"), "w".repeat(10_000));
      const file = path.join(await artifacts.create(KEY, big), "weights");
      const { atime, mtime } = await fs.stat(file);
      const handle = await fs.open(file, "r+");
      await handle.write(Buffer.alloc(4096), 0, 4096, 4096);
      await handle.close();
      await fs.utimes(file, atime, mtime);
      await assert.rejects(artifacts.get(KEY), { name: "CheckpointError", file, message: /content has changed/ });
      await assert.rejects(artifacts.get(KEY), { name: "CheckpointError", file }, "it stays so");
    });
  });

  it("do not believe what is remembered when the manifest is another", async () => {
    await inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const folder = await artifacts.create(KEY, fill);
      const manifest = path.join(folder, "manifest.json");
      const text = await fs.readFile(manifest, "utf8");
      await fs.writeFile(manifest, text.replace(/"sha256": "[0-9a-f]{64}"/, `"sha256": "${"0".repeat(64)}"`));
      await assert.rejects(artifacts.get(KEY), { name: "CheckpointError" });
    });
  });

  it("list no file outside of themselves", async () => {
    await inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const folder = await artifacts.create(KEY, fill);
      const manifest = path.join(folder, "manifest.json");
      const text = await fs.readFile(manifest, "utf8");
      for (const name of ["../weights", "/etc/passwd", "tables/../../weights", "a//b", "./weights"]) {
        await fs.writeFile(manifest, text.replace('"weights"', JSON.stringify(name)));
        await assert.rejects(artifacts.get(KEY), { name: "CheckpointError", message: /the manifest is none/ }, name);
      }
    });
  });

  it("record what they were computed from, and are read without that, too", async () => {
    await inTemporaryFolder(async (root) => {
      const artifacts = new Artifacts(root);
      const folder = await artifacts.create(KEY, fill);
      const name = path.basename(folder);
      const inputs = await artifacts.digests([name, "checkpoint-0123456789abcdef"]);
      assert.deepEqual(Object.keys(inputs), [name]);
      const made = await artifacts.create(artifactKey("rlhf", {}), fill, inputs);
      const manifest = path.join(made, "manifest.json");
      const { inputs: written, ...old } = JSON.parse(await fs.readFile(manifest, "utf8")) as { inputs: object };
      assert.deepEqual(written, inputs);
      await fs.writeFile(manifest, JSON.stringify(old));
      assert.equal(await artifacts.get(artifactKey("rlhf", {})), made);
    });
  });

  it("take plain stage names only", () => {
    assert.throws(() => artifactKey("../sft", {}), RangeError);
  });
});
