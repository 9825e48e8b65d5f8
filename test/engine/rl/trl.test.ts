import { advantages } from "../../../engine/rl/advantages.ts";
import { type AdaptiveKl, updateKl } from "../../../engine/rl/klController.ts";
import { klPerToken } from "../../../engine/rl/kl.ts";
import { ppoLoss, type PpoMetric } from "../../../engine/rl/ppoLoss.ts";
import { PPO_LOSS_DEFAULTS } from "./ppoLossDefaults.ts";
import { responseMask } from "../../../engine/rl/responseMask.ts";
import { masked, maskedVariance } from "../../../engine/rl/rollout.ts";
import { rewards } from "../../../engine/rl/rewards.ts";
import { rolloutStatistics } from "../../../engine/rl/rolloutStatistics.ts";
import { NO_MOMENTS } from "../../../engine/rl/runningMoments.ts";
import { processScores } from "../../../engine/rl/scores.ts";
import { whiten } from "../../../engine/rl/whiten.ts";
import { allClose, close, evaluate, inputs } from "./evaluate.ts";
import { EXACT, flat, SHAPE, TRL } from "./trlGolden.ts";

/** TRL writes its statistics through f32 here and there: 24 bits of numbers up to 4 keep 2.4e-7. */
const F32 = 2.5e-7;

const mask = flat(TRL.inputs.mask);
const logprobs = flat(TRL.inputs.logprobs);
const referenceLogprobs = flat(TRL.inputs.ref_logprobs);
const values = flat(TRL.inputs.values);
const scores = Float64Array.from(TRL.inputs.scores);
const newLogprobs = flat(TRL.inputs.new_logprobs);
const newValues = flat(TRL.inputs.vpreds);

/** log softmax of one row of logits. */
function logSoftmax(logits: readonly number[]): number[] {
  const lse = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return logits.map((logit) => logit - lse);
}

const dot = (p: readonly number[], x: readonly number[]): number =>
  p.reduce((sum, l, v) => sum + Math.exp(l) * (x[v] ?? NaN), 0);

const policyRows = TRL.inputs.logits.flat().map(logSoftmax);
const referenceRows = TRL.inputs.ref_logits.flat().map(logSoftmax);
const fullKl = Float64Array.from(policyRows, (row, at) =>
  dot(
    row,
    row.map((l, v) => l - (referenceRows[at]?.[v] ?? NaN)),
  ),
);
const entropy = Float64Array.from(policyRows, (row) => -dot(row, row));

const METRICS: readonly (readonly [string, PpoMetric])[] = [
  ["loss/policy", "loss/policy"],
  ["loss/value", "loss/value"],
  ["loss/total", "loss/total"],
  ["policy/entropy", "policy/entropy"],
  ["policy/approxkl", "policy/approxKl"],
  ["policy/policykl", "policy/policyKl"],
  ["policy/clipfrac", "policy/clipFraction"],
  ["val/vpred", "value/prediction"],
  ["val/error", "value/error"],
  ["val/clipfrac", "value/clipFraction"],
];

describe("TRL 0.11.4, PPO", () => {
  for (const golden of TRL.cases) {
    const title = `${golden.kl_penalty} KL, rewards ${golden.whiten_rewards ? "whitened" : "as they are"}`;
    const kl = golden.kl_penalty === "full" ? fullKl : klPerToken(logprobs, referenceLogprobs, golden.kl_penalty);
    const paid = rewards(kl, scores, mask, SHAPE, { beta: golden.kl_coef, scorePosition: "lastToken" });
    const learned = advantages(paid, values, mask, SHAPE, {
      gamma: golden.gamma,
      lam: golden.lam,
      whitenRewards: golden.whiten_rewards ? "everywhere" : "none",
      whitenAdvantages: true,
      scorePosition: "lastToken",
    });

    it(`gives TRL's rewards, advantages and returns: ${title}`, () => {
      allClose(kl, flat(golden.kl), EXACT, "kl");
      allClose(paid, masked(flat(golden.rewards), mask), EXACT, "rewards");
      allClose(learned.values, flat(golden.values_masked), EXACT, "values");
      allClose(learned.advantages, masked(flat(golden.advantages), mask), EXACT, "advantages");
      allClose(learned.returns, flat(golden.returns), EXACT, "returns");
    });

    it(`gives TRL's losses and statistics: ${title}`, () => {
      const feeds = {
        logprobs: newLogprobs,
        oldLogprobs: logprobs,
        advantages: learned.advantages,
        values: newValues,
        oldValues: learned.values,
        returns: learned.returns,
        mask,
        valueMask: learned.valueMask,
        entropy,
      };
      const { metrics } = ppoLoss(inputs(feeds), PPO_LOSS_DEFAULTS);
      const got = (metric: PpoMetric): number | undefined => evaluate([metrics[metric]], feeds)[0]?.[0];
      close(got("loss/policy"), golden.pg_loss, EXACT);
      close((got("loss/value") ?? NaN) * 0.1, golden.vf_loss_times_coef, EXACT);
      for (const [theirs, ours] of METRICS) close(got(ours), golden.stats[theirs], F32, ours);
    });

    it(`gives TRL's batch statistics: ${title}`, () => {
      const ended = [true, true, true];
      const batch = { logprobs, kl, scores, mask, ended, beta: golden.kl_coef, learned };
      const statistics = rolloutStatistics(batch, SHAPE);
      close(statistics["policy/advantagesMean"], golden.stats["policy/advantages_mean"], F32);
      close(statistics["returns/mean"], golden.stats["returns/mean"], F32);
      close(statistics["returns/variance"], golden.stats["returns/var"], F32);
      close(statistics["value/mean"], golden.stats["val/mean"], F32);
      close(statistics["value/variance"], golden.stats["val/var"], F32);
    });
  }

  it("moves beta along TRL's trace", () => {
    const { init, target, horizon, trace } = TRL.adaptive_kl;
    let controller: AdaptiveKl = { kind: "adaptive", beta: init, target, horizon };
    for (const [kl, nSamples, beta] of trace) {
      controller = updateKl(controller, kl, nSamples);
      close(controller.beta, beta, 1e-15);
    }
  });

  it("whitens as TRL's core functions do", () => {
    const x = Float64Array.of(1, 2, 3, 4);
    const middle = Float64Array.of(0, 1, 1, 0);
    allClose(whiten(x, Float64Array.of(1, 1, 1, 1)), flat(TRL.core.whiten), EXACT);
    allClose(whiten(x, middle), flat(TRL.core.masked_whiten), EXACT);
    allClose(whiten(x, middle, "keep"), flat(TRL.core.masked_whiten_noshift), EXACT);
    close(maskedVariance(x, middle), TRL.core.masked_var, EXACT);
  });
});

describe("TRL 1.9, PPO", () => {
  const ends = TRL.ppo_v2.responses.map((tokens) => tokens.indexOf(TRL.ppo_v2.eos));
  const ended = ends.map((at) => at >= 0);
  const lengths = ends.map((at) => (at >= 0 ? at + 1 : SHAPE.R));
  const inResponse = responseMask(lengths, SHAPE);

  for (const golden of TRL.ppo_v2.cases) {
    const title = `${golden.kl_estimator}, rewards ${golden.whiten_rewards ? "whitened" : "as they are"}`;
    const kind = golden.kl_estimator === "k1" ? "kl" : "k3";
    const processed = processScores(scores, ended, NO_MOMENTS, {
      missingEosPenalty: golden.missing_eos_penalty,
      scaling: "none",
      clip: 0,
    });
    const kl = klPerToken(logprobs, referenceLogprobs, kind);
    const settings = { beta: golden.kl_coef, scorePosition: "afterEos" } as const;
    const paid = rewards(kl, processed.scores, inResponse, SHAPE, settings);
    const learned = advantages(paid, values, inResponse, SHAPE, {
      gamma: 1,
      lam: 0.95,
      whitenRewards: golden.whiten_rewards ? "response" : "none",
      whitenAdvantages: true,
      scorePosition: "afterEos",
    });

    it(`gives TRL's scores, lengths, rewards, advantages and returns: ${title}`, () => {
      allClose(processed.scores, golden.scores, EXACT, "scores");
      allClose(
        lengths.map((length) => length - 1),
        golden.sequence_lengths,
        0,
        "last token",
      );
      const expected = flat(golden.rewards);
      const shown = golden.whiten_rewards ? masked(whiten(paid, learned.valueMask, "keep"), learned.valueMask) : paid;
      allClose(shown, expected, EXACT, "rewards");
      allClose(learned.advantages, flat(golden.advantages), EXACT, "advantages");
      allClose(learned.returns, flat(golden.returns), EXACT, "returns");
    });

    it(`gives TRL's losses: ${title}`, () => {
      const feeds = {
        logprobs: newLogprobs,
        oldLogprobs: logprobs,
        advantages: learned.advantages,
        values: newValues,
        oldValues: learned.values,
        returns: learned.returns,
        mask: inResponse,
        valueMask: learned.valueMask,
        entropy,
      };
      const { loss, metrics } = ppoLoss(inputs(feeds), PPO_LOSS_DEFAULTS);
      const [total, policy, value] = evaluate([loss, metrics["loss/policy"], metrics["loss/value"]], feeds);
      close(policy?.[0], golden.pg_loss, EXACT);
      close(value?.[0], golden.vf_loss, EXACT);
      close(total?.[0], golden.loss, EXACT);
    });
  }
});
