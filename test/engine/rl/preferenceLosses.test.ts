import assert from "node:assert/strict";
import fc from "fast-check";

import { type DpoKind, DPO_KINDS, dpoLoss } from "../../../engine/rl/dpoLoss.ts";
import { rewardAccuracy, rewardLoss } from "../../../engine/rl/rewardLoss.ts";
import { gradients } from "../../../engine/compute/graph/gradients.ts";
import { allClose, checkGradient, close, evaluate, inputs } from "./evaluate.ts";
import { DPO, EXACT, TRL } from "./trlGolden.ts";

const pairs = { chosen: TRL.reward.chosen, rejected: TRL.reward.rejected, margin: TRL.reward.margin };
const responses = {
  policyChosen: TRL.dpo.policy_chosen,
  policyRejected: TRL.dpo.policy_rejected,
  referenceChosen: TRL.dpo.ref_chosen,
  referenceRejected: TRL.dpo.ref_rejected,
};

/** Both sides compute in float64, with numbers up to some hundreds. */
const FLOAT64 = 1e-12;

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
  const lossOf =
    (kind: DpoKind, smoothing = 0) =>
    (t: ReturnType<typeof inputs<typeof responses>>) =>
      dpoLoss(t, { beta, kind, smoothing }).loss;
  const mean = (losses: readonly number[]): number => losses.reduce((sum, x) => sum + x, 0) / losses.length;

  it("gives TRL's loss: sigmoid and hinge", () => {
    for (const kind of ["sigmoid", "hinge"] as const) {
      close(evaluate([lossOf(kind)(inputs(responses))], responses)[0]?.[0], mean(TRL.dpo[kind]), EXACT);
    }
  });

  for (const { name, kind, beta: steepness, smoothing, ...golden } of DPO.cases) {
    it(`gives the loss, implicit rewards and derivatives of TRL's own code: ${name}`, () => {
      const { policyChosen, policyRejected, referenceChosen, referenceRejected } = DPO;
      const feeds = { policyChosen, policyRejected, referenceChosen, referenceRejected };
      const tensors = inputs(feeds);
      const { loss, chosenRewards, rejectedRewards } = dpoLoss(tensors, { beta: steepness, kind, smoothing });
      const slopes = gradients(loss, [tensors.policyChosen, tensors.policyRejected]);
      const [total, ...others] = evaluate([loss, chosenRewards, rejectedRewards, ...slopes], feeds);
      const { losses, ...wanted } = golden;
      close(total?.[0], mean(losses), FLOAT64);
      const { chosenRewards: chosen, rejectedRewards: rejected, chosenGradient, rejectedGradient } = wanted;
      for (const [at, expected] of [chosen, rejected, chosenGradient, rejectedGradient].entries())
        allClose(others[at] ?? [], expected, FLOAT64, Object.keys(wanted)[at]);
    });
  }

  it("with smoothed labels mixes the losses of both orders, and is plain without", () => {
    const swapped = {
      ...{ policyChosen: responses.policyRejected, policyRejected: responses.policyChosen },
      ...{ referenceChosen: responses.referenceRejected, referenceRejected: responses.referenceChosen },
    };
    const right = evaluate([lossOf("sigmoid")(inputs(responses))], responses)[0]?.[0] ?? NaN;
    const wrong = evaluate([lossOf("sigmoid")(inputs(swapped))], swapped)[0]?.[0] ?? NaN;
    assert.ok(Math.abs(right - wrong) > 1e-3);
    close(evaluate([lossOf("sigmoid", 0.1)(inputs(responses))], responses)[0]?.[0], 0.9 * right + 0.1 * wrong, 1e-14);
  });

  it("of the kind ipo is the squared distance of the log-ratios' difference to 1/(2β), by hand", () => {
    // h = (−1 + 2) − (−4 + 3) = 2, and 1/(2β) = 5.
    const one = { policyChosen: [-1], policyRejected: [-4], referenceChosen: [-2], referenceRejected: [-3] };
    close(evaluate([dpoLoss(inputs(one), { beta: 0.1, kind: "ipo" }).loss], one)[0]?.[0], 9, 1e-12);
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
    for (const wrt of ["policyChosen", "policyRejected"] as const) {
      for (const kind of DPO_KINDS) checkGradient(lossOf(kind), responses, wrt);
      checkGradient(lossOf("sigmoid", 0.2), responses, wrt);
    }
  });
});
