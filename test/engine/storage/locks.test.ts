import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync, utimesSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { Heartbeat } from "../../../engine/storage/heartbeat.ts";
import {
  HOLDER_TIMEOUT_MS,
  LockedError,
  type LockOwner,
  isSameOwner,
  livingOwner,
  ownerName,
  takeLock,
} from "../../../engine/storage/locks.ts";
import { thisProcess } from "../../../engine/storage/processes.ts";
import { nextTurn } from "../server/served.ts";
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
      const lock = await takeLock(file, { socket: "/tmp/run.sock" });
      assert.deepEqual(await livingOwner(file), lock.owner);
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
          message: new RegExp(`in use by process ${pid} on ${os.hostname()};`),
        });
      });
      assert.equal(await livingOwner(file), undefined);
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

  it("of an older version, which names no machine, is respected", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      const { pid, started } = thisProcess();
      await fs.writeFile(file, JSON.stringify({ pid, started, socket: "/tmp/old.sock" }));
      assert.equal((await livingOwner(file))?.socket, "/tmp/old.sock");
      await assert.rejects(takeLock(file), { message: new RegExp(`in use by process ${pid};`) });
    });
  });

  const strangers: readonly { readonly name: string; readonly owner: Partial<LockOwner> }[] = [
    { name: "another machine", owner: { host: "build-7", table: "other" } },
    { name: "a machine of the same name, or this one before it was started again", owner: { table: "other" } },
  ];
  for (const { name, owner } of strangers) {
    it(`held on ${name} is respected as long as it gives signs of life, whatever its pid here`, async () => {
      await inTemporaryFolder(async (folder) => {
        const file = path.join(folder, "lock");
        const other = { ...thisProcess(), pid: 2 ** 30, token: "t", ...owner };
        await fs.writeFile(file, JSON.stringify(other));
        assert.ok(isSameOwner(await livingOwner(file), other));
        await assert.rejects(takeLock(file), { message: new RegExp(`in use by process ${2 ** 30} on ${other.host};`) });
        const last = new Date(Date.now() - HOLDER_TIMEOUT_MS - 1000);
        await fs.writeFile(file, JSON.stringify({ ...other, pid: process.pid }));
        await fs.utimes(file, last, last);
        assert.equal(await livingOwner(file), undefined);
        assert.equal((await takeLock(file)).owner.pid, process.pid);
      });
    });
  }

  it("can be held by a job that no process stands for, while somebody says that the job goes on", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      const held = await takeLock(file, { job: "ray job 7" });
      assert.equal(ownerName(held.owner), "ray job 7");
      await assert.rejects(takeLock(file), { message: /in use by ray job 7;/ });
      const last = new Date(Date.now() - HOLDER_TIMEOUT_MS - 1000);
      await fs.utimes(file, last, last);
      assert.equal(await livingOwner(file), undefined);
      await held.beat();
      assert.ok(isSameOwner(await livingOwner(file), held.owner));
      await held.release();
      assert.deepEqual(await fs.readdir(folder), []);
    });
  });

  it("is left to the one that took it over when its first holder releases it late", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      const late = await takeLock(file, { job: "late" });
      await fs.utimes(file, new Date(0), new Date(0));
      const next = await takeLock(file);
      await late.release();
      assert.deepEqual(await livingOwner(file), next.owner);
    });
  });
});

describe("the heartbeat of a process", () => {
  it("goes on while the process computes, and ends with the last lock", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "lock");
      await fs.writeFile(file, "");
      const beat = async (): Promise<boolean> => (await fs.stat(file)).mtimeMs > 1e6;
      const heartbeat = new Heartbeat(10);
      heartbeat.add(file);
      utimesSync(file, 1, 1);
      while (!(await beat())) await nextTurn(); // until its thread is there
      utimesSync(file, 1, 1);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000); // a hundred beats without a turn
      assert.ok(statSync(file).mtimeMs > 1e6);
      heartbeat.remove(file);
    });
  });
});
