import assert from "node:assert/strict";
import { TASK_BENCHMARKS, VALIDATION } from "../../../engine/config/index.ts";
import { rlhfSchema } from "../../../engine/config/rlhf.ts";
import { DPO_KINDS } from "../../../engine/rl/dpoLoss.ts";
import { KL_KINDS } from "../../../engine/rl/kl.ts";
import { SHARES } from "../../../engine/rl/movingReference.ts";
import { SCORE_POSITIONS } from "../../../engine/rl/responseMask.ts";
import { DECAYS } from "../../../engine/training/schedule.ts";
import { SPLITS } from "../../../engine/evaluation/tasks/task.ts";

/** These choices are of libraries too heavy for an editor, so the config writes them again; here they are held together. */
describe("what a config may choose from is what the engine has", () => {
  it("for KL penalties", () => {
    assert.deepEqual([...rlhfSchema.shape.klKind.unwrap().options].sort(), [...KL_KINDS].sort());
  });

  it("for losses of DPO", () => {
    assert.deepEqual([...rlhfSchema.shape.dpoLoss.unwrap().options].sort(), [...DPO_KINDS].sort());
  });

  it("for learning-rate schedules", () => {
    assert.deepEqual([...rlhfSchema.shape.schedule.unwrap().options].sort(), Object.keys(DECAYS).sort());
  });

  it("for score positions", () => {
    assert.deepEqual([...rlhfSchema.shape.scorePosition.unwrap().options].sort(), [...SCORE_POSITIONS].sort());
  });

  it("for references that move", () => {
    const [stays, ...moving] = rlhfSchema.shape.movingReference.unwrap().options;
    assert.equal(stays, "fixed");
    assert.deepEqual(moving.sort(), Object.keys(SHARES).sort());
  });

  it("for the benchmarks of tasks, and the split that settings are chosen on", () => {
    for (const split of [...TASK_BENCHMARKS, VALIDATION]) assert.ok(SPLITS.some((one) => one === split));
  });
});
