import assert from "node:assert/strict";
import { filledIn } from "../../../engine/common/format.ts";
import { seededStageName, stageName, stageNameTexts, stageNames } from "../../../engine/protocol/stageName.ts";
import { stageState } from "./stageStates.ts";

describe("stageName", () => {
  it("says of a stage what tells it from the others of its seed", () => {
    for (const name of ["soup", "salsa (β 0.1)", "salsa (β 0.1) on validation", "salsa vs ppo on mtBench"]) {
      assert.equal(stageName(stageState(`seed-2/${name}`)), name);
    }
    assert.equal(seededStageName(stageState("seed-2/salsa")), "salsa, seed 2");
  });

  it("is put into another language as a whole", () => {
    const texts = stageNameTexts();
    const inCapitals = (text: string, ...values: readonly (string | number)[]): string => {
      assert.ok(texts.includes(text), text);
      return filledIn(text.toUpperCase(), values);
    };
    assert.equal(seededStageName(stageState("seed-2/a vs b on c"), inCapitals), "a VS b ON c, SEED 2");
  });
});

describe("stageNames", () => {
  it("names the base seed where there are several, and an unknown id as it is", () => {
    const several = stageNames([stageState("seed-1/ppo"), stageState("seed-2/ppo")]);
    assert.deepEqual(["seed-2/ppo", "other"].map(several), ["ppo, seed 2", "other"]);
    assert.equal(stageNames([stageState("ppo", { seed: 1 })])("ppo"), "ppo");
  });
});
