import assert from "node:assert/strict";
import { armTarget, readTarget, stageTarget } from "../../../extension/runs/targets.ts";
import { stageState } from "../../engine/protocol/stageStates.ts";

describe("a click on a line of a run", () => {
  it("on an arm leads to its curves, of all its seeds and candidates", () => {
    const stages = [
      stageState("sft-1"),
      stageState("seed-1/salsa (β 0.1)"),
      stageState("seed-1/salsa (β 0.1) on validation"),
      stageState("seed-1/salsa"),
      stageState("seed-1/salsa on inDistribution"),
      stageState("seed-1/ppo"),
    ];
    assert.deepEqual(armTarget(stages, "salsa"), {
      view: "metrics",
      stages: ["seed-1/salsa (β 0.1)", "seed-1/salsa"],
    });
  });

  it("on a stage leads to what it has made", () => {
    const view = (id: string, kind: string): string => stageTarget(stageState(id, { kind })).view;
    assert.deepEqual(stageTarget(stageState("ppo", { kind: "rlhf" })), { view: "metrics", stages: ["ppo"] });
    assert.deepEqual(stageTarget(stageState("dpo", { kind: "dpo" })), { view: "metrics", stages: ["dpo"] });
    assert.equal(view("ppo on inDistribution", "answers"), "samples");
    assert.equal(view("salsa vs ppo on inDistribution", "judgments"), "winRates");
    assert.equal(view("soup", "soup"), "pipeline");
  });

  it("is read from the arguments of a command, of which a menu passes others", () => {
    const target = { view: "metrics", stages: ["ppo"] };
    assert.deepEqual(readTarget(target), target);
    for (const other of [undefined, null, [], [{ kind: "run" }], "x", { view: 3, stages: [] }]) {
      assert.equal(readTarget(other), undefined);
    }
  });
});
