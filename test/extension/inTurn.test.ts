import assert from "node:assert/strict";
import { once } from "node:events";
import * as fs from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { inTurn, readSettled } from "../../extension/inTurn.ts";
import { changedLayoutBytes, readLayoutBytes } from "../../extension/runs/layoutFile.ts";
import { inTemporaryFolder } from "../engine/storage/temporaryFolder.ts";

const read = (file: string): Promise<Uint8Array | undefined> => fs.readFile(file).catch(() => undefined);

/** A window that marks a run. */
function mark(file: string, run: string, tag: string, abandonedMs?: number): Promise<void> {
  const change = { kind: "mark", run, marks: { addTags: [tag] } } as const;
  return inTurn(file, async () => changedLayoutBytes(await read(file), file, change), abandonedMs);
}

async function runsIn(file: string): Promise<unknown> {
  const { content } = readLayoutBytes(await fs.readFile(file), file);
  assert.ok("runs" in content, JSON.stringify(content));
  return Object.fromEntries(Object.entries(content.runs).map(([run, { tags }]) => [run, tags.toSorted()]));
}

describe("a file that windows change in turn", () => {
  it("loses nothing of what any of them writes, at once or one after the other, to one run or several", () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, "salsa-runs.json");
      const tags = ["a", "b", "c", "d", "e", "f"];
      await Promise.all(tags.flatMap((tag) => [mark(file, "one", tag), mark(file, `run-${tag}`, tag)]));
      const all = { one: tags, ...Object.fromEntries(tags.map((tag) => [`run-${tag}`, [tag]])) };
      assert.deepEqual(await runsIn(file), all);
      await mark(file, "one", "g");
      assert.deepEqual(await runsIn(file), { ...all, one: [...tags, "g"] });
      assert.deepEqual(await fs.readdir(folder), ["salsa-runs.json"]);
    }));

  it("is never seen half written", () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, "salsa-runs.json");
      await fs.writeFile(file, "x".repeat(1_000_000));
      const script = `
        const { readFileSync } = require("node:fs");
        const { parentPort, workerData } = require("node:worker_threads");
        const seen = new Set();
        let isOver = false;
        parentPort.on("message", () => (isOver = true));
        const look = () => {
          seen.add(readFileSync(workerData).length);
          if (isOver) parentPort.postMessage([...seen]);
          else setImmediate(look);
        };
        parentPort.postMessage("ready");
        look();`;
      const reader = new Worker(script, { eval: true, workerData: file });
      await once(reader, "message");
      for (let n = 1; n <= 40; n++) await inTurn(file, () => Promise.resolve(Buffer.alloc(1_000_000 + (n % 2), "y")));
      reader.postMessage("over");
      const [lengths] = (await once(reader, "message")) as [readonly number[]];
      await reader.terminate();
      assert.deepEqual(
        lengths.filter((length) => length !== 1_000_000 && length !== 1_000_001),
        [],
      );
    }));

  it("stays as it is when a change fails or has nothing to write, and keeps its permissions", () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, "a.json");
      await fs.writeFile(file, "old", { mode: 0o600 });
      await assert.rejects(
        inTurn(file, () => Promise.reject(new Error("no"))),
        { message: "no" },
      );
      await inTurn(file, () => Promise.resolve(undefined));
      assert.equal(await fs.readFile(file, "utf8"), "old");
      await inTurn(file, () => Promise.resolve(Buffer.from("new")));
      assert.equal(await fs.readFile(file, "utf8"), "new");
      assert.equal((await fs.stat(file)).mode & 0o777, 0o600);
      assert.deepEqual(await fs.readdir(folder), ["a.json"]);
    }));

  it("names itself where it cannot be written", () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, "gone", "a.json");
      await assert.rejects(
        inTurn(file, () => Promise.resolve(Buffer.from("new"))),
        /^Error: .*a\.json cannot be written, and is as it was: ENOENT/,
      );
    }));

  it("is written though a window has crashed as it wrote", () =>
    inTemporaryFolder(async (folder) => {
      const file = join(folder, "salsa-runs.json");
      await fs.writeFile(`${file}.lock`, "half");
      await Promise.all([mark(file, "one", "a", 200), mark(file, "one", "b", 200)]);
      assert.deepEqual(await runsIn(file), { one: ["a", "b"] });
      assert.deepEqual(await fs.readdir(folder), ["salsa-runs.json"]);
    }));
});

describe("a file that an editor is writing in place", () => {
  it("is read again while it is empty, and is empty if it stays so", async () => {
    const contents = [Buffer.alloc(0), Buffer.alloc(0), Buffer.from("full")];
    assert.equal(String(await readSettled(() => Promise.resolve(contents.shift() ?? Buffer.alloc(0)))), "full");
    assert.equal((await readSettled(() => Promise.resolve(new Uint8Array(0)))).length, 0);
  });
});
