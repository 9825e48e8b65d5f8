import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { mock } from "node:test";
import fc from "fast-check";
import { DataError } from "../../../engine/protocol/errors.ts";
import type { Json } from "../../../engine/storage/json.ts";
import { JsonLog } from "../../../engine/storage/jsonLog.ts";
import { HOLDER_TIMEOUT_MS } from "../../../engine/storage/locks.ts";
import { thisProcess } from "../../../engine/storage/processes.ts";
import { listRuns, RunFolder, runOwner, runPath } from "../../../engine/storage/runFolder.ts";
import { logRecords } from "./logRecords.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

const record = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 })) as fc.Arbitrary<Json>;

async function append(file: string, records: readonly Json[]): Promise<void> {
  const log = new JsonLog(file);
  for (const one of records) log.append(one);
  log.close();
  return Promise.resolve();
}

describe("JsonLog", () => {
  it("gives back every record, and wherever it is cut, all those before the cut", async () => {
    const property = fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 5 }),
      fc.nat(),
      async (records, place) => {
        await inTemporaryFolder(async (folder) => {
          const file = path.join(folder, "events.jsonl");
          await append(file, records);
          const whole = await logRecords(file);
          assert.deepEqual(whole, JSON.parse(JSON.stringify(records)));
          const { size } = await fs.stat(file);
          const cut = place % (size + 1);
          await fs.truncate(file, cut);
          const before = await logRecords(file);
          await append(file, [{ next: true }]);
          const after = await logRecords(file);
          assert.deepEqual(after, [...before, { next: true }]);
          assert.deepEqual(before, whole.slice(0, before.length));
          const lines = records.map((one) => Buffer.byteLength(JSON.stringify(one)));
          const complete = lines.filter(
            (_, i) => lines.slice(0, i + 1).reduce((sum, length) => sum + length + 1, 0) <= cut,
          );
          assert.ok(before.length >= complete.length);
        });
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it("drops a torn page of zeros and newlines after a power cut", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "events.jsonl");
      await append(file, [{ a: 1 }, { b: "x".repeat(100_000) }]);
      await fs.appendFile(file, Buffer.concat([Buffer.alloc(4096), Buffer.from("\n{\n\0\0")]));
      await append(file, [{ c: 3 }]);
      const records = (await logRecords(file)) as { c?: number }[];
      assert.equal(records.length, 3);
      assert.deepEqual(records[2], { c: 3 });
    });
  });

  it("names the line when one before the last is damaged", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "events.jsonl");
      await fs.writeFile(file, '{"a":1}\n{oops\n{"b":2}\n');
      await assert.rejects(logRecords(file), (error) => error instanceof DataError && error.line === 2);
    });
  });
});

describe("RunFolder", () => {
  it("is not written any more by a process that slept while another one went on with the run", async () => {
    await inTemporaryFolder(async (root) => {
      const run = await RunFolder.open(root, "demo-1");
      const [lock, events] = [path.join(run.folder, "lock"), path.join(run.folder, "events.jsonl")];
      const clock = mock.method(
        Date,
        "now",
        () => performance.timeOrigin + performance.now() + HOLDER_TIMEOUT_MS + 1000,
      );
      try {
        run.append("events", { kind: "progress", sequence: 0 }); // asleep, and nobody has come
        const other = { ...thisProcess(), pid: 12, host: "elsewhere", table: "other", token: "other" };
        await fs.writeFile(lock, JSON.stringify(other));
        clock.mock.mockImplementation(() => performance.timeOrigin + performance.now() + 3 * HOLDER_TIMEOUT_MS);
        const before = await fs.readFile(events, "utf8");
        const refused = { message: /lock: taken over by process 12 on elsewhere, .*asleep/ };
        for (let time = 0; time < 2; time++) {
          assert.throws(() => run.append("events", { kind: "progress", sequence: 1 }), refused);
        }
        await assert.rejects(run.writeFile("summary.json", "{}"), refused);
        assert.deepEqual(JSON.parse(await fs.readFile(lock, "utf8")), other, "the lock is the other's");
        await fs.rm(lock);
        assert.throws(() => run.append("samples", {}), {
          message: /lock: gone: another process went on and has ended/,
        });
        await run.close();
        assert.equal(await fs.readFile(events, "utf8"), before);
      } finally {
        clock.mock.restore();
      }
    });
  });

  it("keeps run.json, logs and tables, and is free again after closing", async () => {
    await inTemporaryFolder(async (root) => {
      const run = await RunFolder.open(root, "demo-1");
      await run.writeRun({ config: { name: "demo" } });
      run.append("events", { kind: "started" });
      await run.writeFile("judgments.jsonl", '{"winner":"salsa"}\n');
      const table = await run.writeFile("tables/winRates.md", "| arm |\n");
      assert.equal((await runOwner(run.folder))?.pid, process.pid);
      await run.close();
      assert.equal(await runOwner(run.folder), undefined);
      assert.deepEqual(JSON.parse(await fs.readFile(path.join(run.folder, "run.json"), "utf8")), {
        config: { name: "demo" },
      });
      assert.deepEqual(await logRecords(path.join(run.folder, "events.jsonl")), [{ kind: "started" }]);
      assert.deepEqual(await logRecords(path.join(run.folder, "samples.jsonl")), []);
      assert.equal(await fs.readFile(table, "utf8"), "| arm |\n");
      const names = ["events.jsonl", "judgments.jsonl", "run.json", "samples.jsonl", "tables"];
      assert.deepEqual((await fs.readdir(run.folder)).sort(), names);
      assert.deepEqual(await listRuns(root), ["demo-1"]);
    });
  });

  if (process.platform !== "win32")
    it("lets only the owner read run.json, which holds what was never committed", async () => {
      await inTemporaryFolder(async (root) => {
        const run = await RunFolder.open(root, "demo-1");
        await run.writeRun({});
        await run.close();
        assert.equal((await fs.stat(path.join(run.folder, "run.json"))).mode & 0o777, 0o600);
      });
    });

  it("refuses a second writer, and says who the first is", async () => {
    await inTemporaryFolder(async (root) => {
      const run = await RunFolder.open(root, "demo");
      const message = new RegExp(`in use by process ${process.pid} on .*; wait`);
      await assert.rejects(RunFolder.open(root, "demo"), { name: "DiskError", message });
      await run.close();
      await (await RunFolder.open(root, "demo")).close();
    });
  });

  it("is not opened under an id that leads elsewhere", () => {
    for (const id of ["../x", "a/b", "", ".", "a\\b", "..", "-x"])
      assert.throws(() => runPath("/r", id), DataError, id);
  });

  it("goes on with the number after the last event, also past a torn one", async () => {
    await inTemporaryFolder(async (root) => {
      const run = await RunFolder.open(root, "demo");
      assert.equal(run.nextSequence, 0);
      for (const sequence of [0, 1]) run.append("events", { kind: "alarm", sequence });
      await run.close();
      await fs.appendFile(path.join(run.folder, "events.jsonl"), '{"kind":"alarm","sequence":2');
      const again = await RunFolder.open(root, "demo");
      assert.equal(again.nextSequence, 2);
      await again.close();
      await fs.appendFile(path.join(run.folder, "events.jsonl"), "{}\n");
      const odd = await RunFolder.open(root, "demo");
      assert.throws(() => odd.nextSequence, { name: "DataError", message: /events\.jsonl: the last event has no/ });
      await odd.close();
      assert.deepEqual(await listRuns(root), []);
    });
  });
});
