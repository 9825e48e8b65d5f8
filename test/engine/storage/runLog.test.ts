import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import fc from "fast-check";
import { type RunState, applyEvents, emptyRunState } from "../../../engine/protocol/runState.ts";
import type { RunEvent } from "../../../engine/protocol/events.ts";
import { LineTail } from "../../../engine/storage/lineTail.ts";
import { readHistory, readRunState } from "../../../engine/storage/runHistory.ts";
import { RunLog, readEvents } from "../../../engine/storage/runLog.ts";
import { collect, inTemporaryFolder } from "./temporaryFolder.ts";
import { linesOf, stamped } from "../server/service/runFolders.ts";

const stage = fc.constantFrom("base", "ppo");
const step = fc.integer({ min: 1, max: 6 });
/** Any records in any order, as crashes and resumes may leave them. */
const bodies = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("stageStarted"),
      stage,
      key: fc.constant("rlhf-1"),
      name: fc.constant("RLHF"),
      cached: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("progress"), stage, step, total: fc.constant(6) }),
    fc.record({
      kind: fc.constant("metrics"),
      stage,
      step,
      values: fc.record({ "objective/kl": fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })) }),
    }),
    fc.record({ kind: fc.constant("stageFinished"), stage, seconds: fc.constant(1) }),
    fc.record({
      kind: fc.constant("runFinished"),
      status: fc.constantFrom("finished", "stopped"),
      seconds: fc.constant(1),
    }),
  ),
  { maxLength: 40 },
);

async function inRunFolder(
  work: (folder: string, write: (text: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  await inTemporaryFolder((folder) => work(folder, (text) => fs.appendFile(path.join(folder, "events.jsonl"), text)));
}

function stateOf(folder: string, events: readonly object[]): RunState {
  const state = emptyRunState(path.basename(folder));
  applyEvents(state, JSON.parse(JSON.stringify(events)) as RunEvent[]);
  return state;
}

describe("a run's log as the service reads it", () => {
  it("adds up to what the events add up to, wherever it was cut while it grew", async () => {
    await fc.assert(
      fc.asyncProperty(bodies, fc.array(fc.nat(4000), { maxLength: 3 }), async (all, cuts) => {
        await inRunFolder(async (folder, write) => {
          const events = stamped(all);
          const text = linesOf(events);
          const log = new RunLog(folder, { hasCurves: true });
          let written = 0;
          for (const cut of [...cuts.sort((a, b) => a - b), text.length]) {
            await write(text.slice(written, cut));
            written = Math.max(written, Math.min(cut, text.length));
            await log.update();
          }
          assert.deepEqual(log.state, stateOf(folder, events));
          assert.equal(log.problem, undefined);
        });
      }),
      { numRuns: 60 },
    );
  });

  it("without curves has the same stages, tables and end", async () => {
    await fc.assert(
      fc.asyncProperty(bodies, async (all) => {
        await inRunFolder(async (folder, write) => {
          const events = stamped(all);
          await write(linesOf(events));
          const log = new RunLog(folder, { hasCurves: false });
          await log.update();
          const { stages, status } = stateOf(folder, events);
          const known = new Set(log.state.stages.map(({ id: name }) => name));
          // A stage of which nothing but curves is known is none here.
          assert.deepEqual(
            log.state.stages,
            stages.filter(({ id: name }) => known.has(name)),
          );
          assert.equal(log.state.status, status);
          assert.deepEqual(Object.keys(log.state.metrics), []);
        });
      }),
      { numRuns: 60 },
    );
  });

  it("takes a last record that lacks only its newline, once", async () => {
    await inRunFolder(async (folder, write) => {
      const events = stamped([
        { kind: "stageStarted", stage: "base", key: "base-1", name: "Base", cached: false },
        { kind: "alarm", stage: "base", step: 1, name: "stalled", message: "m" },
      ]);
      const log = new RunLog(folder, { hasCurves: true });
      log.givesEvents = true;
      await write(linesOf(events).trimEnd());
      assert.equal((await log.update()).events.length, 2);
      await write("\n");
      assert.equal((await log.update()).events.length, 0);
      assert.equal(log.state.alarms.length, 1);
    });
  });

  it("starts over when the log is cut, as a repair may cut it", async () => {
    await inRunFolder(async (folder, write) => {
      const events = stamped([
        { kind: "stageFinished", stage: "a", seconds: 1 },
        { kind: "stageFinished", stage: "b", seconds: 1 },
      ]);
      await write(linesOf(events));
      const log = new RunLog(folder, { hasCurves: false });
      assert.equal((await log.update()).isRestarted, false);
      await fs.writeFile(path.join(folder, "events.jsonl"), linesOf(events.slice(0, 1)));
      assert.equal((await log.update()).isRestarted, true);
      assert.deepEqual(
        log.state.stages.map(({ id: name }) => name),
        ["a"],
      );
    });
  });
});

describe("a run's log as those read it who need all of it", () => {
  const events = stamped([
    { kind: "stageFinished", stage: "a", seconds: 1 },
    { kind: "sample", stage: "a", step: 1, prompt: "p", response: "r", reward: 1 },
    { kind: "stageFinished", stage: "b", seconds: 1 },
  ]);
  const [, , last = {}] = events;

  it("has its events from a number on, past kinds that are dropped and a last line that is cut short", async () => {
    await inRunFolder(async (folder, write) => {
      assert.deepEqual(await collect(readEvents(folder)), []);
      await write(`${linesOf(events)}{"kind":"stageFi`);
      assert.deepEqual(
        (await collect(readEvents(folder))).map(({ sequence }) => sequence),
        [0, 2],
      );
      assert.deepEqual(await collect(readEvents(folder, 1)), [last]);
      assert.deepEqual(await readHistory(folder), stateOf(folder, [events[0] ?? {}, last]));
      assert.equal((await readRunState(folder, { hasCurves: false })).status, "lost");
    });
  });

  const bad = [
    { name: "that is damaged", line: "{oops", message: /events\.jsonl:4: read log: not JSON; remove this line/ },
    {
      name: "of a newer version",
      line: '{"kind":"other","time":1,"sequence":3}',
      message: /events\.jsonl:4: read log: holds records of the kind "other"; read this run with the version/,
    },
  ];
  for (const { name, line, message } of bad) {
    it(`names a line ${name}`, async () => {
      await inRunFolder(async (folder, write) => {
        await write(`${linesOf(events)}${line}\n${linesOf([last])}`);
        await assert.rejects(collect(readEvents(folder)), { name: "DataError", message });
        await assert.rejects(readHistory(folder, { hasCurves: false }), { name: "DataError", message });
      });
    });
  }
});

describe("the lines of a growing file", () => {
  it("come whole and once, at their offsets, though they are longer than what is read at a time", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "log");
      const lines = ["é".repeat(10), "x".repeat(3_000_000), "", "y".repeat(1_500_000)];
      const seen: [string, number][] = [];
      const tail = new LineTail(file);
      const read = (): Promise<Buffer> =>
        tail.read({ line: (bytes, offset) => seen.push([bytes.toString(), offset]), restart: () => seen.splice(0) });
      await read();
      await fs.writeFile(file, `${lines.join("\n")}\nend`);
      assert.equal((await read()).toString(), "end");
      assert.deepEqual(seen, [
        [lines[0], 0],
        [lines[1], 21],
        ["", 3_000_022],
        [lines[3], 3_000_023],
      ]);
      await fs.appendFile(file, "ing\n");
      assert.equal((await read()).length, 0);
      assert.deepEqual(seen.at(-1), ["ending", 4_500_024]);
    });
  });

  it("come some at a time to a reader that wants no more, and then from there on", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, "log");
      const line = `${"x".repeat(99)}\n`;
      await fs.writeFile(file, `${line.repeat(30_000)}torn`);
      const tail = new LineTail(file);
      const [shares, nWhole] = [[] as number[], [] as number[]];
      for (let isRead = false; !isRead;) {
        let bytes = 0;
        for await (const block of tail.blocks(undefined, 1_000_000)) {
          if (block.isWhole) bytes += block.bytes.length;
          else assert.equal(block.bytes.toString(), "torn");
        }
        nWhole.push(bytes / line.length);
        shares.push(tail.share);
        isRead = tail.share === 1;
      }
      // Files are read by the MiB: 10,485 lines of 100 bytes are in the first.
      assert.deepEqual(nWhole, [10_485, 10_485, 9_030]);
      assert.deepEqual(
        shares.map((share) => share.toFixed(2)),
        ["0.35", "0.70", "1.00"],
      );
      await fs.appendFile(file, " no more\n");
      const rest: string[] = [];
      await tail.read({ line: (bytes) => rest.push(bytes.toString()), restart: () => rest.push("again") });
      assert.deepEqual(rest, ["torn no more"]);
    });
  });
});
