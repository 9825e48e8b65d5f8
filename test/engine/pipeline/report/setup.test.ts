import assert from "node:assert/strict";
import { setupSection } from "../../../../engine/pipeline/report/setup.ts";
import { factsOf } from "../figures/states.ts";

describe("a run's setup in the report", () => {
  it("has every value of grids upstream of the arms at the section that they stand in", () => {
    const text = setupSection(
      factsOf({
        model: { pretrain: { steps: { grid: [4, 8] } } },
        sft: { learningRate: { grid: [0.001, 0.002] }, steps: { grid: [3, 6] } },
        arms: { ppo: {} },
      }),
    );
    assert.match(text, /\| SFT \| [^|]*; by grids: steps 3, 6; learningRate 0\.001, 0\.002 \|/);
    assert.match(text, /\| Model \| [^|]*; by grids: steps 4, 8 \|/);
    assert.match(
      text,
      /\| Evaluation \| [^|]*; scores by `reward_pretrain\.steps4_sft\.steps3_sft\.learningRate0\.001` \|/,
    );
    assert.doesNotMatch(setupSection(factsOf({ arms: { ppo: {} } })), /grids|scores by/);
  });
});
