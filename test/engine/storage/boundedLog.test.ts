import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { BoundedLog } from "../../../engine/storage/boundedLog.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

describe("a bounded log", () => {
  it("keeps all below its size, and begins empty", async () => {
    await inTemporaryFolder(async (folder) => {
      for (const text of ["one\n", "two\n"]) {
        const log = await BoundedLog.begin(folder, "logs/a.log", 1000);
        await log.append(text);
        await log.append("end\n");
        await log.close();
        assert.equal(await fs.readFile(path.join(folder, "logs/a.log"), "utf8"), `${text}end\n`);
      }
    });
  });

  it("keeps the newest lines once it is full, and says how many are left out", async () => {
    await inTemporaryFolder(async (folder) => {
      const log = await BoundedLog.begin(folder, "a.log", 1000);
      const lines = Array.from({ length: 1000 }, (_, at) => `line ${at}, ä\n`);
      let largest = 0;
      for (const line of lines) {
        await log.append(line);
        largest = Math.max(largest, (await fs.stat(log.file)).size);
      }
      await log.close();
      const [first = "", ...rest] = (await fs.readFile(log.file, "utf8")).trimEnd().split("\n");
      const nKept = rest.length;
      assert.ok(largest <= 1000 && largest > 900 && nKept > 20, `${largest} bytes, ${nKept} lines`);
      assert.deepEqual(
        rest,
        lines.slice(-nKept).map((line) => line.trimEnd()),
      );
      const left = lines.slice(0, -nKept);
      const bytes = Buffer.byteLength(left.join(""));
      assert.equal(first, `[salsa] ${left.length} lines, ${bytes} bytes, are left out here`);
    });
  });

  it("replaces a link in its place, and writes nothing where it led to", async () => {
    await inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, "other"), "mine");
      await fs.symlink(path.join(folder, "other"), path.join(folder, "a.log"));
      const log = await BoundedLog.begin(folder, "a.log", 1000);
      await log.append("one\n");
      await log.close();
      assert.equal(await fs.readFile(path.join(folder, "other"), "utf8"), "mine");
      assert.equal(await fs.readFile(log.file, "utf8"), "one\n");
    });
  });
});
