import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { configsIn } from "../../../../engine/server/mcp/configs.ts";
import { hooked } from "../../storage/hookedDisk.ts";
import { inTemporaryFolder } from "../../storage/temporaryFolder.ts";

describe("the configs of an MCP server", () => {
  const refused = (): Promise<never> =>
    Promise.reject(Object.assign(new Error("EACCES"), { code: "EACCES", syscall: "scandir" }));

  it("are found beside a folder that cannot be listed", () =>
    inTemporaryFolder(async (folder) => {
      const closed = path.join(folder, "closed");
      await fs.mkdir(closed);
      await fs.writeFile(path.join(folder, "demo.salsa.json"), "{}");
      const hook = { operation: "readdir", at: (file: string) => file === closed, before: refused } as const;
      const { result, calls } = await hooked(hook, () => configsIn([folder]));
      assert.equal(calls, 1);
      assert.deepEqual(
        result.map(({ name }) => name),
        ["demo.salsa.json"],
      );
    }));

  it("are not, where the folder itself cannot be listed", () =>
    inTemporaryFolder(async (folder) => {
      const hook = { operation: "readdir", at: (file: string) => file === folder, before: refused } as const;
      await assert.rejects(
        hooked(hook, () => configsIn([folder])),
        { name: "DiskError", message: /permission denied/ },
      );
    }));
});
