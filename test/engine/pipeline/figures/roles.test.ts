import assert from "node:assert/strict";
import { parseConfig } from "../../../../engine/config/index.ts";
import { planOf } from "../../../../engine/pipeline/figures/measuring/plans.ts";
import { comparedArms, rolesOf } from "../../../../engine/pipeline/figures/roles.ts";
import { mirrored, pairRate } from "../../../../engine/pipeline/figures/rates.ts";
import { repetition } from "../../../../engine/pipeline/figures/repetition.ts";
import { resolved, tiny } from "../tinyRun.ts";
import { factsOf, PAPER_ARMS } from "./states.ts";

describe("the arms of a config", () => {
  const { roles } = factsOf(PAPER_ARMS);

  it("have the places that the paper gives them", () => {
    assert.deepEqual(
      roles.map(({ name, kind, alpha, members, color }) => [name, kind, alpha, members.length, color]),
      [
        ["ppo", "ppo", 0, 1, 0],
        ["salsa", "salsa", 0.5, 2, 1],
        ["salsa-3", "salsa", undefined, 3, 2],
        ["mkl", "mkl", undefined, 2, 3],
        ["quarter", "salsa", 0.25, 2, 4],
        ["other", "otherSft", 1, 1, 5],
      ],
    );
  });

  it("of a grid of SFTs have the places that they have without, and a line is between SFTs of the same values", () => {
    const config = resolved(tiny({ ...PAPER_ARMS, sft: { seeds: [1, 2, 3], steps: { grid: [3, 6] } } }), "/nowhere");
    const found = rolesOf(config).filter(({ name }) => name.endsWith("_sft.steps6"));
    assert.deepEqual(
      found.map(({ kind, alpha, members }) => [kind, alpha, members.length]),
      roles.map(({ kind, alpha, members }) => [kind, alpha, members.length]),
    );
    const three = ["sft-1_sft.steps3", "sft-2_sft.steps3", "sft-3_sft.steps3"];
    assert.deepEqual(planOf("line", config, {})[0]?.of, three.slice(0, 2));
    assert.deepEqual(planOf("plane", config, {})[0]?.of, three);
    assert.deepEqual(planOf("line", config, { models: ["sft-2_sft.steps6", "base"] })[0]?.of, [
      "sft-2_sft.steps6",
      "base",
    ]);
  });

  it("count α from the model that the policy starts at, whichever the soup names first", () => {
    const { roles: turned } = factsOf({
      soups: { soup: { method: "linear", of: ["sft-2", "sft-1"], alpha: 0.25 } },
      arms: { salsa: { init: "sft-1", reference: "soup" } },
    });
    // A quarter of sft-1, so three quarters of the other.
    assert.deepEqual([turned[0]?.alpha, turned[0]?.members], [0.75, ["sft-1", "sft-2"]]);
  });

  it("are other arms where a soup is also the start, or its weights are only known once it is made", () => {
    const { roles: others } = factsOf({
      soups: {
        soup: { method: "uniform", of: ["sft-1", "sft-2"] },
        arc: { method: "slerp", of: ["sft-1", "sft-2"] },
      },
      arms: { start: { init: "soup", reference: "soup" }, arced: { reference: "arc" } },
    });
    assert.deepEqual(
      others.map(({ kind, alpha, isUniform }) => [kind, alpha, isUniform]),
      [
        ["other", undefined, false],
        ["salsa", undefined, false],
      ],
    );
  });

  it("are other arms where the reference follows the policy, or several are an ensemble", () => {
    const { roles: others } = factsOf({
      arms: {
        moving: { reference: "sft-1", movingReference: "ema" },
        ensemble: { reference: ["sft-1", "sft-2"], referenceMix: "logSpace" },
        ppo: { reference: "sft-1" },
      },
    });
    assert.deepEqual(
      others.map(({ kind }) => kind),
      ["other", "other", "ppo"],
    );
    assert.equal(comparedArms(others).ppo?.name, "ppo");
  });

  it("are other arms where somebody else's run has one held to what is no soup, whatever it is called", () => {
    const config = parseConfig(JSON.stringify({ ...PAPER_ARMS, preset: "miniinstruct" }), "/c/run.salsa.json");
    const arms = Object.entries(config.arms).map(([name, arm]) => [name, { ...arm, reference: ["constructor"] }]);
    const kinds = rolesOf({ ...config, arms: Object.fromEntries(arms) as typeof config.arms }).map(({ kind }) => kind);
    assert.deepEqual(new Set(kinds), new Set(["other"]));
  });

  it("are compared with the soup of two in equal shares first", () => {
    const { ppo, salsa, mkl, sft } = comparedArms(roles);
    assert.deepEqual([ppo?.name, salsa?.name, mkl?.name, sft], ["ppo", "salsa", "mkl", "sft-1"]);
  });
});

describe("the rate of a pair", () => {
  it("is mirrored where the table has it the other way round", () => {
    const { winRates } = factsOf(PAPER_ARMS, [{ a: "ppo", b: "salsa", win: 1, loss: 3, tie: 4 }]);
    const there = pairRate(winRates, "inDistribution", "ppo", "salsa");
    const back = pairRate(winRates, "inDistribution", "salsa", "ppo");
    assert.deepEqual([back?.win, back?.loss, back?.tie, back?.winRate, back?.adjusted], [3, 1, 4, 3 / 8, 5 / 8]);
    assert.ok(there !== undefined && back !== undefined);
    assert.deepEqual([back.low, back.high], [1 - there.high, 1 - there.low]);
    const twice = mirrored(mirrored(there));
    // 1 − (1 − x) may miss x by a rounding.
    assert.ok(Math.abs(twice.low - there.low) < 1e-15 && twice.win === there.win);
    assert.equal(pairRate(winRates, "inDistribution", "mkl", "ppo"), undefined);
  });
});

describe("repetition", () => {
  it("is the share of three-word runs that come again", () => {
    assert.equal(repetition("a b c d"), 0);
    assert.equal(repetition("a b"), 0);
    // aaa, aaa, aaa: one of three is new.
    assert.equal(repetition("a a a a a"), 1 - 1 / 3);
    // abc, bca, cab, abc
    assert.equal(repetition(" a b c  a b c "), 1 / 4);
  });
});
