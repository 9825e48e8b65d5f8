import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSoup } from "../../../engine/pipeline/index.ts";
import { CheckpointError } from "../../../engine/protocol/errors.ts";

describe("the folder of a soup", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "salsa-soup-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const mix = (out: string, force = false): ReturnType<typeof makeSoup> =>
    makeSoup({
      method: "uniform",
      of: [join(folder, "a"), join(folder, "b")],
      out: join(folder, out),
      force,
      signal: new AbortController().signal,
    });

  it("is not written over when it holds a checkpoint", async () => {
    await mkdir(join(folder, "base"));
    await writeFile(join(folder, "base", "config.json"), "mine");
    await assert.rejects(mix("base"), (error) => {
      assert.ok(error instanceof CheckpointError);
      assert.match(error.message, /base: holds a checkpoint already; .*--force/);
      return true;
    });
    // With --force it is the missing inputs that stop the work.
    await assert.rejects(mix("base", true), /a: read checkpoint: there is no such folder/);
    assert.equal(await readFile(join(folder, "base", "config.json"), "utf8"), "mine");
  });

  it("is not left behind empty when the checkpoints do not go together", async () => {
    await assert.rejects(mix("soup"));
    assert.deepEqual(await readdir(folder), []);
  });

  it("is none of the checkpoints, under whatever name", async () => {
    await mkdir(join(folder, "a"));
    await symlink(join(folder, "a"), join(folder, "alias"));
    for (const out of ["a", "alias", "b/../a", "alias/../a"]) {
      await assert.rejects(mix(out, true), {
        name: "CheckpointError",
        message: /is one of the checkpoints to be mixed/,
      });
    }
  });
});
