import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { isLeftover, isTemporary, temporaryName } from "../../../engine/storage/disk.ts";
import { tableDigest, thisProcess } from "../../../engine/storage/processes.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

/** Above any pid of Linux. */
const NOBODY = 2 ** 30;

describe("a temporary file", () => {
  it("is left over when its process is gone, also if a later one has the same pid", async () => {
    await inTemporaryFolder(async (folder) => {
      const { pid } = thisProcess();
      const own = tableDigest();
      const names: readonly (readonly [name: string, isOver: boolean])[] = [
        [path.basename(temporaryName("/x/scores.md")), false],
        [`.tmp-${own}.${NOBODY}.1-1-scores.md`, true],
        [`.tmp-${own}.${pid}.1-1-scores.md`, true],
        [`.tmp-${NOBODY}-1-scores.md`, true],
        [`.tmp-${pid}-1-scores.md`, false],
        ["scores.md", false],
      ];
      for (const [name, isOver] of names) {
        await fs.writeFile(path.join(folder, name), "");
        assert.equal(isTemporary(name), name !== "scores.md", name);
        assert.equal(await isLeftover(path.join(folder, name)), isOver, name);
      }
    });
  });

  it("of another machine is left to it, until a month has gone", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, `.tmp-00000000.${NOBODY}.1-1-scores.md`);
      await fs.writeFile(file, "");
      assert.equal(await isLeftover(file), false);
      const old = new Date(Date.now() - 31 * 24 * 3600 * 1000);
      await fs.utimes(file, old, old);
      assert.equal(await isLeftover(file), true);
    });
  });
});
