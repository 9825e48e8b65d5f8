import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as fc from "fast-check";
import { EVENTS_FILE, RunLog, endsOf } from "../../../engine/storage/runLog.ts";
import { inTemporaryFolder } from "./temporaryFolder.ts";

const STARTED = { kind: "runStarted", run: "a-1", name: "a", device: "", resumed: false, stages: ["ppo", "salsa"] };

const metrics = fc.record({
  stage: fc.constantFrom("ppo", "salsa", 'quo"ted'),
  values: fc.constantFrom<Record<string, number | null>>(
    { "objective/kl": 1, "objective/score": 2 },
    { "objective/kl": 3, "objective/score": null },
    { "objective/kl": 5, "objective/score": 6, "evaluation/winRate": 0.5 },
    { "choice/beta": 0.1 },
  ),
});

function linesOf(records: readonly object[], first: number): string {
  return records
    .map((record, at) => `${JSON.stringify({ ...record, time: first + at, sequence: first + at })}\n`)
    .join("");
}

describe("the last values of a log", () => {
  it("are the ends of its curves, also as it grows", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(metrics, { maxLength: 30 }), fc.nat(30), fc.boolean(), async (records, cut, isLast) => {
        await inTemporaryFolder(async (folder) => {
          const events = records.map(({ stage, values }, at) => {
            const event = { step: at + 1, values };
            // Logs of some weeks name the stage last.
            return isLast ? { kind: "metrics", ...event, stage } : { kind: "metrics", stage, ...event };
          });
          const all = [STARTED, ...events];
          const file = path.join(folder, EVENTS_FILE);
          await fs.writeFile(file, linesOf(all.slice(0, cut), 0));
          const brief = new RunLog(folder, { hasCurves: false });
          await brief.update();
          await fs.appendFile(file, linesOf(all.slice(cut), cut));
          await brief.update();
          const full = new RunLog(folder, { hasCurves: true });
          await full.update();
          const stages = Object.keys(full.state.metrics);
          assert.deepEqual([...brief.lastValues.keys()].sort(), stages.sort());
          for (const stage of stages) assert.deepEqual(brief.lastValues.get(stage), endsOf(full.state.metrics[stage]));
        });
      }),
      { numRuns: 60 },
    );
  });

  it("go when the log is another one", async () => {
    await inTemporaryFolder(async (folder) => {
      const file = path.join(folder, EVENTS_FILE);
      const one = { kind: "metrics", stage: "ppo", step: 1, values: { "objective/kl": 1 } };
      await fs.writeFile(file, linesOf([STARTED, one, one], 0));
      const log = new RunLog(folder, { hasCurves: false });
      await log.update();
      assert.equal(log.lastValues.size, 1);
      await fs.writeFile(file, linesOf([STARTED], 0));
      await log.update();
      assert.equal(log.lastValues.size, 0);
    });
  });
});
