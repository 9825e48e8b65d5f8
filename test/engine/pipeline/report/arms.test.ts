import assert from "node:assert/strict";
import { trainedArms } from "../../../../engine/pipeline/report/arms.ts";
import { emptyRunState } from "../../../../engine/protocol/runState.ts";
import { stageState } from "../../protocol/stageStates.ts";

const RECORDED = { "objective/kl": { steps: [1], times: [0], values: [2] } };

describe("the arms of a report", () => {
  it("have one line each where successive halving trained them in parts: the whole, else the last part", () => {
    const part = (arm: string, rung: number) =>
      stageState(`${arm} to rung ${rung}`, { kind: "rung", product: arm, role: "validation", rung });
    const recorded = [part("kept", 1), part("dropped", 1), part("kept", 2), part("dropped", 2), part("early", 1)];
    const kept = stageState("kept", { kind: "rlhf" });
    const state = {
      ...emptyRunState("halved"),
      stages: [...recorded, kept, stageState("dropped", { kind: "rlhf" }), part("early", 2)],
      metrics: Object.fromEntries([...recorded, kept].map(({ id }) => [id, RECORDED])),
    };
    assert.deepEqual(
      trainedArms({ state, choices: [] }).map(({ name, stages }) => [name, ...stages]),
      [
        ["dropped to rung 2", "dropped to rung 2"],
        ["early to rung 1", "early to rung 1"],
        ["kept", "kept"],
      ],
    );
  });
});
