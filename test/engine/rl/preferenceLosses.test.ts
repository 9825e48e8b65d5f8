import assert from "node:assert/strict";
import fc from "fast-check";

import { type DpoKind, dpoLoss } from "../../../engine/rl/dpoLoss.ts";
import { rewardAccuracy, rewardLoss } from "../../../engine/rl/rewardLoss.ts";
import { checkGradient, close, evaluate, inputs } from "./evaluate.ts";
import { EXACT, TRL } from "./trlGolden.ts";

const pairs = { chosen: TRL.reward.chosen, rejected: TRL.reward.rejected, margin: TRL.reward.margin };
const responses = {
  policyChosen: TRL.dpo.policy_chosen,
  policyRejected: TRL.dpo.policy_rejected,
  referenceChosen: TRL.dpo.ref_chosen,
  referenceRejected: TRL.dpo.ref_rejected,
};

const rewardValue = (margin: boolean, centering: number): number | undefined => {
  const t = inputs(pairs);
  const settings = margin ? { margin: t.margin, centering } : { centering };
  return evaluate([rewardLoss(t.chosen, t.rejected, settings)], pairs)[0]?.[0];
};

describe("rewardLoss", () => {
  it("gives TRL's loss: plain, with margin, centred", () => {
    close(rewardValue(false, 0), TRL.reward.loss, EXACT);
    close(rewardValue(true, 0), TRL.reward.loss_margin, EXACT);
    close(rewardValue(false, 0.01), TRL.reward.loss_center_001, EXACT);
  });

  it("is log 2 for equal scores", () => {
    const equal = { chosen: [3, -1], rejected: [3, -1] };
    const t = inputs(equal);
    close(evaluate([rewardLoss(t.chosen, t.rejected, { centering: 0 })], equal)[0]?.[0], Math.LN2, 1e-15);
  });

  it("does not change when all scores shift, unless centred", () => {
    fc.assert(
      fc.property(fc.double({ min: -5, max: 5, noNaN: true }), (shift) => {
        const shifted = { chosen: pairs.chosen.map((x) => x + shift), rejected: pairs.rejected.map((x) => x + shift) };
        const t = inputs(shifted);
        close(evaluate([rewardLoss(t.chosen, t.rejected, { centering: 0 })], shifted)[0]?.[0], TRL.reward.loss, EXACT);
      }),
    );
  });

  it("has the derivatives that finite differences give", () => {
    for (const wrt of ["chosen", "rejected"] as const) {
      checkGradient((t) => rewardLoss(t.chosen, t.rejected, { margin: t.margin, centering: 0.1 }), pairs, wrt);
    }
  });
});

describe("rewardAccuracy", () => {
  it("counts a tie half", () => {
    assert.equal(rewardAccuracy([1, 0, 2, 5], [0, 1, 2, 4]), 2.5 / 4);
  });
});

describe("dpoLoss", () => {
  const { beta } = TRL.dpo;
  const lossOf = (kind: DpoKind) => (t: ReturnType<typeof inputs<typeof responses>>) => dpoLoss(t, { beta, kind }).loss;
  const mean = (losses: readonly number[]): number => losses.reduce((sum, x) => sum + x, 0) / losses.length;

  it("gives TRL's loss: sigmoid and hinge", () => {
    for (const kind of ["sigmoid", "hinge"] as const) {
      close(evaluate([lossOf(kind)(inputs(responses))], responses)[0]?.[0], mean(TRL.dpo[kind]), EXACT);
    }
  });

  it("is log 2 when the policy is the reference, a soup or any other", () => {
    const self = { ...responses, referenceChosen: responses.policyChosen, referenceRejected: responses.policyRejected };
    close(evaluate([lossOf("sigmoid")(inputs(self))], self)[0]?.[0], Math.LN2, 1e-15);
  });

  it("has implicit rewards β·(log π − log π_ref)", () => {
    const { chosenRewards, rejectedRewards } = dpoLoss(inputs(responses), { beta, kind: "sigmoid" });
    const [chosen, rejected] = evaluate([chosenRewards, rejectedRewards], responses);
    close(chosen?.[0], 0.05, 1e-12);
    close(rejected?.[0], -0.02, 1e-12);
  });

  it("has the derivatives that finite differences give", () => {
    for (const kind of ["sigmoid", "hinge"] as const) {
      for (const wrt of ["policyChosen", "policyRejected"] as const) checkGradient(lossOf(kind), responses, wrt);
    }
  });
});
