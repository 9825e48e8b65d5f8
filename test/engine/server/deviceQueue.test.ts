import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { takeTurn } from "../../../engine/server/deviceQueue.ts";
import { takeLock } from "../../../engine/storage/locks.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { condition } from "./served.ts";

const QUEUE = new URL("../../../engine/server/deviceQueue.ts", import.meta.url).href;

interface Place {
  readonly turn: ReturnType<typeof takeTurn>;
  /** Numbers of runs ahead that it was notified of. */
  readonly told: readonly number[];
  /** Resolves when it is notified of a run ahead. */
  readonly waits: Promise<void>;
}

function queue(folder: string, signal = new AbortController().signal, device = "cpu"): Place {
  const told: number[] = [];
  const news = condition();
  const waiting = (ahead: number): void => {
    told.push(ahead);
    news.check();
  };
  return { turn: takeTurn({ folder, device, signal, waiting }), told, waits: news.until(() => told.length > 0) };
}

describe("the queue for a device", () => {
  it("is no wait when nobody computes", async () => {
    await inTemporaryFolder(async (folder) => {
      const { turn, told } = queue(folder);
      await (await turn).release();
      assert.deepEqual([told, await fs.readdir(folder)], [[], []]);
    });
  });

  it("lets one compute at a time, in the order in which they came", async () => {
    await inTemporaryFolder(async (folder) => {
      const order: number[] = [];
      let atWork = 0;
      const places: Place[] = [];
      for (let index = 0; index < 4; index++) {
        const place = queue(folder);
        places.push(place);
        if (index > 0) await place.waits;
        else await place.turn;
      }
      await Promise.all(
        places.map(async ({ turn }, index) => {
          const { release } = await turn;
          atWork += 1;
          assert.equal(atWork, 1);
          order.push(index);
          await fs.readdir(folder); // others get the chance to begin too early
          atWork -= 1;
          await release();
        }),
      );
      assert.deepEqual(order, [0, 1, 2, 3]);
      assert.deepEqual(
        places.map(({ told }) => told[0]),
        [undefined, 1, 2, 3],
      );
      assert.deepEqual(await fs.readdir(folder), []);
    });
  });

  it("is one for each device: only runs on the same one wait for each other", async () => {
    await inTemporaryFolder(async (folder) => {
      const { signal } = new AbortController();
      // Ids that begin alike, and that no file system takes as they are.
      const ids = ["cpu", "cuda", "cuda:0", "cuda:0-1", "cuda:1", "a/b"];
      const first = await Promise.all(ids.map((id) => queue(folder, signal, id).turn));
      const second = ids.map((id) => queue(folder, signal, id));
      for (const place of second) await place.waits;
      assert.deepEqual(
        second.map(({ told }) => told),
        ids.map(() => [1]),
      );
      // One that ends lets its own successor begin, and no other.
      await first[2]?.release();
      await (await second[2]?.turn)?.release();
      assert.equal((await fs.readdir(folder)).filter((name) => name.endsWith(".lock")).length, ids.length - 1);
      for (const [index, turn] of first.entries()) if (index !== 2) await turn.release();
      for (const place of second) await (await place.turn).release();
      assert.deepEqual(await fs.readdir(folder), []);
    });
  });

  it("lets nobody overtake who came before, even when the device is free for a moment", async () => {
    await inTemporaryFolder(async (folder) => {
      const earlier = await takeLock(path.join(folder, `cpu-${"1".padStart(15, "0")}-0000-1.ticket`));
      const { turn, told, waits } = queue(folder);
      await waits;
      assert.deepEqual([told, (await fs.readdir(folder)).includes("cpu.lock")], [[1], false]);
      await earlier.release();
      await (await turn).release();
    });
  });

  it("goes on with the next one when the one that computes is killed", async () => {
    await inTemporaryFolder(async (folder) => {
      const script = `
        import { takeTurn } from ${JSON.stringify(QUEUE)};
        const signal = new AbortController().signal;
        await takeTurn({ folder: ${JSON.stringify(folder)}, device: "cpu", signal, waiting: () => {} });
        console.log("computing"); setInterval(() => {}, 1e6);`;
      const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(child.stdout, "data");
      const { turn, waits } = queue(folder);
      await waits;
      child.kill("SIGKILL");
      await (await turn).release();
      assert.deepEqual(await fs.readdir(folder), []);
    });
  });

  it("is left by a run that is stopped, and closes up behind", async () => {
    await inTemporaryFolder(async (folder) => {
      const first = queue(folder);
      const { release } = await first.turn;
      const stop = new AbortController();
      const second = queue(folder, stop.signal);
      await second.waits;
      const third = queue(folder);
      await third.waits;
      assert.deepEqual(third.told, [2]);
      stop.abort();
      await assert.rejects(second.turn, { name: "AbortError" });
      await release();
      await (await third.turn).release();
      assert.deepEqual(await fs.readdir(folder), []);
    });
  });
});
