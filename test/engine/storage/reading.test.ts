import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { setImmediate } from "node:timers/promises";
import { placeIn } from "../../../engine/storage/places.ts";
import { chunksOf, listAt, readText } from "../../../engine/storage/reading.ts";
import { HAS_PIPES, putPipe } from "./hostile.ts";
import { type DiskOperation, hooked } from "./hookedDisk.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

const HALF_A_MINUTE = 30_000;

describe("a disk that does not answer", () => {
  const original = globalThis.setTimeout;
  /** Timers that have begun, to be ended by hand. */
  let timers: (() => void)[] = [];
  beforeEach(() => {
    timers = [];
    globalThis.setTimeout = ((ended: () => void, milliseconds: number) => {
      if (milliseconds !== HALF_A_MINUTE) return original(ended, milliseconds); // of others
      timers.push(ended);
      return original(() => undefined, 0);
    }) as typeof setTimeout;
  });
  afterEach(() => {
    globalThis.setTimeout = original;
  });
  const later = (): void => {
    for (const ended of timers.splice(0)) ended();
  };

  /** The message of what ends work on a disk of which an operation never ends; the clock is moved on. */
  async function messageOf(operation: DiskOperation, work: (folder: string) => Promise<unknown>): Promise<string> {
    return inTemporaryFolder(async (folder) => {
      await fs.writeFile(path.join(folder, "run.json"), "{}");
      let isAsked = false;
      const before = (): Promise<void> => {
        isAsked = true;
        return new Promise(() => undefined);
      };
      const { result } = await hooked({ operation, before }, async () => {
        const ended = work(folder).then(
          () => "",
          (error: unknown) => String(error),
        );
        while (!isAsked) await setImmediate();
        later();
        const early = await Promise.race([ended, setImmediate("still waiting")]);
        assert.equal(early, "still waiting", "a machine that has slept may have lost as much");
        later();
        return ended;
      });
      return result.replaceAll(folder, "…");
    });
  }

  const said = "the disk does not answer; see whether the machine that it belongs to is there, and mount it again";

  it("is named when a file is opened", async () => {
    const message = await messageOf("open", (folder) => readText(placeIn(folder, "run.json")));
    assert.equal(message, `DiskError: …/run.json: open: ${said}`);
  });

  (HAS_PIPES ? it : it.skip)("is named when a piece of a file is read, though that is still under way", async () => {
    await inTemporaryFolder(async (folder) => {
      // Reading a pipe that nobody writes to waits as such a disk does.
      const file = path.join(folder, "pipe");
      await putPipe(file);
      const handle = await fs.open(file, "r+");
      const ended = chunksOf(file, handle).next().then(String, String);
      while (timers.length === 0) await setImmediate();
      later();
      later();
      const message = await ended;
      await fs.writeFile(file, "x"); // the read ends
      assert.equal(message.replace(folder, "…"), `DiskError: …/pipe: read: ${said}`);
    });
  });

  it("is named when a folder is listed", async () => {
    const message = await messageOf("readdir", (folder) =>
      listAt(placeIn(path.dirname(folder), path.basename(folder))),
    );
    assert.equal(message, `DiskError: …: list: ${said}`);
  });
});
