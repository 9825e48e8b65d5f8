import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { isAlive, LockedError, readLock, takeLock } from "../../../engine/storage/locks.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

/** Takes a lock in another process, and kills it when the work is done. */
async function whileLocked(file: string, work: (pid: number) => Promise<void>): Promise<void> {
  const module = new URL("../../../engine/storage/locks.ts", import.meta.url).href;
  const script = `import { takeLock } from ${JSON.stringify(module)};
    await takeLock(${JSON.stringify(file)}); console.log("held"); setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  try {
    await work(child.pid ?? 0);
  } finally {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
}

describe("takeLock", () => {
  it("holds a file until it is released", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      const lock = await takeLock(file, "/tmp/run.sock");
      assert.deepEqual(await readLock(file), lock.owner);
      assert.equal(lock.owner.socket, "/tmp/run.sock");
      await assert.rejects(takeLock(file), LockedError);
      await lock.release();
      assert.deepEqual(await fs.readdir(folder), []);
      await (await takeLock(file)).release();
    });
  });

  it("is refused while another process holds the file, and granted once that was killed", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      await whileLocked(file, async (pid) => {
        await assert.rejects(takeLock(file), {
          name: "DiskError",
          file,
          message: new RegExp(`in use by process ${pid};`),
        });
      });
      const left = await readLock(file);
      assert.ok(left !== undefined && !(await isAlive(left)));
      const lock = await takeLock(file);
      assert.equal(lock.owner.pid, process.pid);
    });
  });

  it("does not take a later process with the same pid for the owner", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      await fs.writeFile(file, JSON.stringify({ pid: process.pid, started: "1" }));
      assert.equal((await takeLock(file)).owner.pid, process.pid);
    });
  });

  it("takes over a lock that is not readable any more", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      await fs.writeFile(file, "");
      assert.equal((await takeLock(file)).owner.pid, process.pid);
    });
  });

  it("is granted to one of many who find the same dead owner", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      await fs.writeFile(file, JSON.stringify({ pid: 2 ** 30, started: "1" }));
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(file)));
      assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
      assert.deepEqual(await fs.readdir(folder), ["lock"]);
    });
  });
});
