import assert from "node:assert/strict";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { metricOf, runTiny, tiny } from "./tinyRun.ts";

describe("alarms of a run", () => {
  it("tell once, by the arm's own threshold, that minibatches are not learned from", async () => {
    await inTemporaryFolder(async (folder) => {
      // The ratio is 1 before the first update: over this threshold, though far under the default of 10.
      const run = await runTiny(tiny({ arms: { ppo: { ratioThreshold: 0.5 } } }), folder);
      assert.deepEqual(metricOf(run, "ppo", "policy/skipped"), [1, 1, 1]);
      const alarms = run.events.flatMap((event) => (event.kind === "alarm" ? [event] : []));
      assert.deepEqual(
        alarms.map(({ stage, step, name }) => ({ stage, step, name })),
        [{ stage: "ppo", step: 1, name: "skippedMinibatch" }],
      );
      assert.match(alarms[0]?.message ?? "", /^100 % of the minibatches .*: lower the learning rate/);
    });
  });
});
