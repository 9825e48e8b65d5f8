import assert from "node:assert/strict";
import * as fc from "fast-check";
import { runProgress } from "../../../engine/protocol/runProgress.ts";
import { stageState } from "./stageStates.ts";
import type { StageState, StageStatus } from "../../../engine/protocol/runState.ts";

const stage = (id: string, status: StageStatus, more: Partial<StageState> = {}): StageState =>
  stageState(id, { title: id.toUpperCase(), status, ...more });

describe("runProgress", () => {
  it("weighs stages by their work and takes the rest at the pace so far", () => {
    const stages = [
      stage("base", "cached", { work: 0 }),
      stage("sft-1", "finished", { work: 10, seconds: 5 }),
      stage("ppo", "running", { work: 30, step: 10, total: 20, etaSeconds: 8 }),
      stage("salsa", "waiting", { work: 20 }),
    ];
    assert.deepEqual(runProgress({ status: "running", stages }), {
      stage: "ppo",
      title: "PPO",
      step: 10,
      total: 20,
      nDone: 2,
      nStages: 4,
      fraction: 25 / 60, // 10 + half of 30, of 60
      secondsLeft: 8 + 20 * 0.5, // the stage's own estimate, then 20 units at 5 s for 10
    });
  });

  it("leaves the time open while nothing of this run has been timed", () => {
    const stages = [stage("base", "running", { work: 5 }), stage("sft-1", "waiting", { work: 5 })];
    assert.equal("secondsLeft" in runProgress({ status: "running", stages }), false);
  });

  it("takes the running stage's own pace, from where this process began it, before any stage has ended", () => {
    const running = stage("base", "running", { work: 10, step: 60, total: 100, paceFrom: { step: 50, time: 1000 } });
    const stages = [running, stage("sft-1", "waiting", { work: 5 })];
    // Ten of 100 steps took two seconds: 40 steps are left, and then as much work as 50 steps are.
    assert.equal(runProgress({ status: "running", stages, updatedAt: 3000 }).secondsLeft, 8 + 10);
  });

  it("leaves the time open where the work of a stage to come is not known", () => {
    const stages = [stage("base", "finished", { work: 5, seconds: 5 }), stage("sft-1", "waiting")];
    assert.equal("secondsLeft" in runProgress({ status: "running", stages }), false);
  });

  it("is done when the run has finished, also where every stage is cached", () => {
    const stages = [stage("base", "cached", { work: 0 }), stage("sft-1", "cached", { work: 0 })];
    assert.equal(runProgress({ status: "finished", stages }).fraction, 1);
    assert.equal(runProgress({ status: "queued", stages: [] }).fraction, 0);
  });

  it("gets to the whole with stages that were there from earlier runs, before the run has ended", () => {
    const cached = (id: string): StageState => stage(id, "cached", { work: 0 });
    const fraction = (...stages: StageState[]): number => runProgress({ status: "running", stages }).fraction;
    assert.equal(fraction(cached("base"), cached("sft-1")), 1);
    assert.equal(fraction(cached("base"), stage("sft-1", "waiting", { work: 0 })), 0.5);
    // Estimated as work, and made by another run meanwhile.
    assert.equal(fraction(stage("base", "cached", { work: 3 }), stage("sft-1", "finished", { work: 0.1 })), 1);
  });

  it("stays between 0 and 1 and never goes back as stages end in turn", () => {
    const works = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(works, (units) => {
        const fractions = units.map((_, done) => {
          const stages = units.map((work, index) =>
            stage(`s${index}`, index < done ? "finished" : "waiting", { work }),
          );
          return runProgress({ status: "running", stages }).fraction;
        });
        for (const [index, fraction] of fractions.entries()) {
          assert.ok(fraction >= 0 && fraction <= 1 && fraction >= (fractions[index - 1] ?? 0));
        }
      }),
    );
  });
});
