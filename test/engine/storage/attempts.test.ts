import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import {
  AttemptLog,
  AttemptTail,
  askToEnd,
  attemptsHeld,
  isAskedToEnd,
  newestAttempt,
  orderText,
  writeOrder,
} from "../../../engine/storage/attempts.ts";
import type { RunEvent } from "../../../engine/protocol/events.ts";
import type { JsonObject } from "../../../engine/storage/json.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

const KEY = "sft-0123456789abcdef";

describe("attempts of a cluster's jobs", () => {
  it("pass on what a job reports as it comes, each record once, and how it ended", async () => {
    await inTemporaryFolder(async (root) => {
      const place = { root, key: KEY, number: 1 };
      await writeOrder(place, { run: "tiny-1" });
      assert.equal(await newestAttempt(place), 1);
      assert.equal(await orderText(place), '{"run":"tiny-1"}\n');
      const tail = new AttemptTail(place);
      const events: RunEvent[] = [];
      const samples: JsonObject[] = [];
      const reader = { event: (one: RunEvent) => events.push(one), sample: (one: JsonObject) => samples.push(one) };
      await tail.read(reader);
      assert.equal(tail.host, undefined);
      const log = new AttemptLog(place);
      log.began("worker-7");
      log.event({ kind: "progress", stage: "sft-1", step: 1, total: 2 });
      log.sample({ step: 1, response: "hello" });
      await tail.read(reader);
      assert.deepEqual([tail.host, tail.end], ["worker-7", undefined]);
      // Lines that a crash or a stranger has left.
      await fs.appendFile(
        path.join(root, "records", KEY, "attempt-1.jsonl"),
        '{"event":{"kind":"rm"}}\n{"end":1}\n\0\n[]\n',
      );
      log.event({ kind: "metrics", stage: "sft-1", step: 2, values: { "train/loss": 0.5 } });
      log.ended({ how: "failed", error: "NumericalError", message: "NaN" });
      log.close();
      await tail.read(reader);
      await tail.read(reader);
      assert.deepEqual(
        events.map(({ kind, sequence }) => [kind, sequence]),
        [
          ["progress", 0],
          ["metrics", 1],
        ],
      );
      assert.deepEqual(samples, [{ step: 1, response: "hello" }]);
      assert.deepEqual(tail.end, { how: "failed", error: "NumericalError", message: "NaN" });
    });
  });

  it("can be asked to end from anywhere", async () => {
    await inTemporaryFolder(async (root) => {
      const place = { root, key: KEY, number: 2 };
      assert.equal(await isAskedToEnd(place), false);
      await askToEnd(place);
      assert.equal(await isAskedToEnd(place), true);
      assert.equal(await isAskedToEnd({ ...place, number: 3 }), false);
    });
  });

  it("are one's own to decide on, one after the other", async () => {
    await inTemporaryFolder(async (root) => {
      const place = { root, key: KEY };
      const order: number[] = [];
      await Promise.all(
        [1, 2, 3].map(async (who) => {
          const say = await attemptsHeld(place);
          const number = (await newestAttempt(place)) + 1;
          await writeOrder({ ...place, number }, { who });
          order.push(number);
          await say.release();
        }),
      );
      assert.deepEqual(order, [1, 2, 3]);
    });
  });
});
