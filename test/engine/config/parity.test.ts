import assert from "node:assert/strict";
import { TASKS } from "../../../engine/evaluation/tasks/index.ts";
import { KL_KINDS, SCHEDULES, TASK_BENCHMARKS } from "../../../engine/config/index.ts";
import { soupSchema } from "../../../engine/config/soup.ts";
import { rlhfSchema } from "../../../engine/config/rlhf.ts";
import { taskSchema } from "../../../engine/config/task.ts";
import { variantNames } from "../../../engine/config/walk.ts";
import { KL_KINDS as RL_KL_KINDS } from "../../../engine/rl/kl.ts";
import { SCORE_POSITIONS } from "../../../engine/rl/responseMask.ts";
import { SOUPS } from "../../../engine/soup/index.ts";
import { SCHEDULES as TRAINING_SCHEDULES } from "../../../engine/training/schedule.ts";
import { SPLITS } from "../../../engine/evaluation/tasks/task.ts";

/** The protocol imports no other layer, so its choices are written there again; here they are held together. */
describe("what a config may choose from is what the engine has", () => {
  it("for KL penalties", () => {
    assert.deepEqual([...KL_KINDS].sort(), [...RL_KL_KINDS].sort());
  });

  it("for learning-rate schedules", () => {
    assert.deepEqual([...SCHEDULES].sort(), [...TRAINING_SCHEDULES].sort());
  });

  it("for score positions", () => {
    assert.deepEqual([...rlhfSchema.shape.scorePosition.unwrap().options].sort(), [...SCORE_POSITIONS].sort());
  });

  it("for tasks, and their benchmarks", () => {
    assert.deepEqual(
      taskSchema.shape.name.options,
      TASKS.map(({ name }) => name),
    );
    for (const benchmark of TASK_BENCHMARKS) assert.ok(SPLITS.includes(benchmark));
  });

  it("for soups", () => {
    const known: readonly string[] = SOUPS.map(({ method }) => method);
    for (const method of variantNames(soupSchema)) assert.ok(known.includes(String(method)), String(method));
  });
});
