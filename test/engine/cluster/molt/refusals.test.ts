import assert from "node:assert/strict";
import { molt } from "../../../../engine/cluster/molt/index.ts";
import { parseConfig } from "../../../../engine/config/index.ts";
import { ConfigError } from "../../../../engine/protocol/errors.ts";

type Written = Readonly<Record<string, unknown>>;

const SOUND = {
  data: { sft: "s.jsonl", preferences: "p.jsonl", prompts: "q.jsonl" },
  model: { checkpoint: "base" },
  rlhf: { klController: "fixed", beta: 0.05 },
  arms: { ppo: { reference: "sft-1" }, salsa: { reference: "soup" } },
} as const;

/** Paths and messages of what is refused, where Molt is asked for. */
function issues(changes: Written, trainer: Written = { use: "molt" }): readonly string[] {
  const runtime = {
    cluster: { address: "http://head:8265", trainer },
    ...((changes["runtime"] as object | undefined) ?? {}),
  };
  try {
    parseConfig(JSON.stringify({ ...SOUND, ...changes, runtime }), "/w/large.salsa.json");
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    for (const { remedy, line } of error.issues) assert.ok(remedy !== "" && line > 0);
    return error.issues.map(({ path, message }) => `${path} ${message}`);
  }
}

describe("what Molt cannot do", () => {
  it("is nothing in the paper's recipe with β fixed, nor advantages as they are", () => {
    assert.deepEqual(issues({}), []);
    assert.deepEqual(issues({ rlhf: { ...SOUND.rlhf, whitenAdvantages: false } }), []);
  });

  const arm = (settings: Written): Written => ({ arms: { ...SOUND.arms, salsa: { reference: "soup", ...settings } } });
  const cases: readonly (readonly [what: string, changes: Written, says: RegExp])[] = [
    [
      "several references",
      arm({ reference: ["sft-1", "sft-2"] }),
      /^arms\.salsa\.reference has 2 models, and Molt loads one reference: the mean KL to each \(MKL/,
    ],
    ["the full KL", arm({ klKind: "full" }), /^arms\.salsa\.klKind is "full", which Molt lacks/],
    ["β of 0", arm({ beta: 0 }), /^arms\.salsa\.beta is 0, at which Molt loads no reference/],
    ["an adaptive β", arm({ klController: "adaptive" }), /^arms\.salsa\.klController is "adaptive".*a KL per token/],
    ["a reference that moves", arm({ movingReference: "ema" }), /^arms\.salsa\.movingReference is "ema"/],
    ["a penalty by length", arm({ betaByLength: true }), /^arms\.salsa\.betaByLength is true/],
    ["whitened rewards", arm({ whitenRewards: true }), /^arms\.salsa\.whitenRewards is true/],
    ["scaled scores", arm({ scoreScaling: true }), /^arms\.salsa\.scoreScaling is true/],
    ["a penalty for cut responses", arm({ missingEosPenalty: 1 }), /^arms\.salsa\.missingEosPenalty is 1/],
    ["a penalty for short ones", arm({ minLength: 4 }), /^arms\.salsa\.minLength is 4/],
    ["the score behind the response", arm({ scorePosition: "afterEos" }), /^arms\.salsa\.scorePosition is "afterEos"/],
    ["looks at the policy", arm({ evaluateEvery: 5 }), /^arms\.salsa\.evaluateEvery is 5/],
    ["a straight line down", arm({ schedule: "linear" }), /^arms\.salsa\.schedule is "linear".*end with an error/],
    ["a straight line down in SFT", { sft: { schedule: "linear" } }, /^sft\.schedule is "linear".*end with an error/],
    ["DPO", arm({ method: "dpo" }), /^arms\.salsa\.method is "dpo", and only PPO goes to Molt/],
    ["adapters", { model: { checkpoint: "base", lora: {} } }, /^model\.lora adapters are not handed to Molt/],
    ["checkpoints in bf16", { model: { checkpoint: "base", saveAs: "bf16" } }, /^model\.saveAs is "bf16"/],
    ["training in f32", { runtime: { precision: "f32" } }, /^runtime\.precision is "f32"/],
    ["a fixed date", { chat: { date: "2024-07-26" } }, /^chat\.date is fixed/],
    ["plain prompts as they are", { chat: { plainPrompts: "asIs" } }, /^chat\.plainPrompts is "asIs", and Molt's SFT/],
  ];
  for (const [what, changes, says] of cases) {
    it(`is ${what}, refused where it stands`, () => {
      const found = issues(changes);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", says);
      assert.deepEqual(issues(changes, { use: "own" }), []);
    });
  }

  it("is a critic that is kept", () => {
    const found = issues({}, { use: "molt", saveCritic: true });
    assert.deepEqual(found, ["runtime.cluster.trainer.saveCritic is true, and Molt saves a critic only to go on from"]);
  });

  it("is asked of the kinds of stages alone that the config gives it", () => {
    const found = (use: Written): readonly string[] =>
      issues({ ...arm({ klKind: "full" }), sft: { schedule: "linear" } }, { use }).map(
        (text) => text.split(" ")[0] ?? "",
      );
    assert.deepEqual(found({ sft: "molt" }), ["sft.schedule"]);
    assert.deepEqual(found({ rlhf: "molt" }), ["arms.salsa.klKind"]);
    // Each trainer says what it cannot do of its own.
    const both = issues(arm({ whitenAdvantages: false }), { use: { sft: "molt", rlhf: "openrlhf" } });
    assert.deepEqual(both.length, 1);
    assert.match(both[0] ?? "", /^arms\.salsa\.whitenAdvantages is false, which OpenRLHF lacks/);
  });

  it("is a reward model, which a config cannot send to it", () => {
    const found = issues({}, { use: { reward: "molt" } });
    assert.match(found.join("\n"), /use\.reward must be one of "auto", "own", "openrlhf", got "molt"/);
    // One word for all kinds leaves reward models to "auto", so that nothing of theirs is refused.
    assert.deepEqual(issues({ reward: { centering: 0.01 } }), []);
  });
});

describe("what Molt does otherwise", () => {
  it("is said of each kind of stage, as far as its settings decide it", () => {
    const own = { ratioThreshold: 10, valueCoefficient: 0.1, whitenAdvantages: true, klKind: "kl" } as const;
    const of = (changes: object): string =>
      molt.differences("rlhf", { arm: { ...own, critic: "valueHead", ...changes } }).join("\n");
    for (const text of ["starts as the policy does", "starts at random", "biased variance", "ratioThreshold 10"])
      assert.ok(of({}).includes(text), text);
    // The first kind of penalty is not clamped there, the others are.
    assert.ok(!of({}).includes("±10") && of({ klKind: "k3" }).includes("clamped to ±10 a token"));
    assert.ok(!of({ whitenAdvantages: false }).includes("variance"));
    assert.ok(of({ critic: "separate" }).includes("starts as the reward model, its head left out"));
    assert.ok(!molt.differences("sft").join().includes("critic"));
  });
});
