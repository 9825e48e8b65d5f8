import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { readConfigFile } from "../../../engine/server/configFile.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";

describe("the file of a run config", () => {
  it("may begin with a byte order mark, which is part of no place", () =>
    inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "marked.salsa.json");
      await fs.writeFile(file, '\ufeff{ "task": { "name": "miniinstruct" }, "seeds": [3] }');
      assert.deepEqual((await readConfigFile(file)).seeds, [3]);
      await fs.writeFile(file, '\ufeff{ "seds": [3] }');
      await assert.rejects(readConfigFile(file), /marked\.salsa\.json:1:3 {2}seds: /);
    }));
});
