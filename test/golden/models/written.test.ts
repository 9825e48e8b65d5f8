import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ARCHITECTURES } from "../../../engine/models/index.ts";
import { inTemporaryFolder } from "../../engine/storage/temporaryFolder.ts";

interface Written {
  /** SHA-256 of each checkpoint's files, as load.py has it. */
  readonly files: Readonly<Record<string, string>>;
  /** The largest difference of logits and scores to ours, by version of transformers and checkpoint. */
  readonly differences: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** As in load.py. */
async function digestOf(folder: string): Promise<string> {
  const hash = createHash("sha256");
  for (const name of (await readdir(folder)).sort()) {
    if (name === "expected.json") continue;
    const content = await readFile(join(folder, name));
    hash.update(`${name} ${content.byteLength}\n`).update(content);
  }
  return hash.digest("hex");
}

describe("checkpoints as they are saved", function () {
  this.timeout(120_000);

  it("are those, byte for byte, that transformers 4 and 5 have loaded; of others, run load.py", () =>
    inTemporaryFolder(async (folder) => {
      const text = await readFile(join(import.meta.dirname, "written.json"), "utf8");
      const { files, differences } = JSON.parse(text) as Written;
      await promisify(execFile)(process.execPath, [join(import.meta.dirname, "write.ts"), folder]);
      const saved = await readdir(folder);
      assert.deepEqual(saved.sort(), [...ARCHITECTURES.map(({ name }) => name), "reward"].sort());
      for (const name of saved) assert.equal(await digestOf(join(folder, name)), files[name], name);
      for (const version of ["transformers 4.", "transformers 5."]) {
        const [seen] = Object.entries(differences).flatMap(([by, of]) => (by.startsWith(version) ? [of] : []));
        assert.deepEqual(Object.keys(seen ?? {}).sort(), saved.sort(), version);
      }
    }));
});
