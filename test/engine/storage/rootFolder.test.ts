import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Artifacts, artifactKey } from "../../../engine/storage/artifacts.ts";
import { makeRoot } from "../../../engine/storage/rootFolder.ts";
import { RunFolder } from "../../../engine/storage/runFolder.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

const ignored = (root: string): Promise<string | undefined> =>
  fs.readFile(path.join(root, ".gitignore"), "utf8").catch(() => undefined);

describe("a folder of runs", () => {
  it("is passed over by git from its first run, artifact on", async () => {
    await inTemporaryFolder(async (folder) => {
      const root = path.join(folder, ".salsa");
      await (await RunFolder.open(root, "a-1")).close();
      assert.match((await ignored(root)) ?? "", /^\*$/m);
      const other = path.join(folder, "elsewhere");
      await new Artifacts(other).create(artifactKey("sft", {}), (made) => fs.writeFile(path.join(made, "a"), "b"));
      assert.match((await ignored(other)) ?? "", /^\*$/m);
    });
  });

  it("keeps a file that is there, an empty one, too", async () => {
    await inTemporaryFolder(async (folder) => {
      const root = path.join(folder, ".salsa");
      await fs.mkdir(root);
      await fs.writeFile(path.join(root, ".gitignore"), "");
      await makeRoot(root);
      assert.equal(await ignored(root), "");
    });
  });

  it("is left alone where it is somebody's own: other things are in it", async () => {
    await inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, "thesis.tex"), "");
      await (await RunFolder.open(folder, "a-1")).close();
      assert.equal(await ignored(folder), undefined);
    });
  });
});
