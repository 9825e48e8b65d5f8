import { gradients } from "../../../engine/compute/graph/gradients.ts";
import { plan } from "../../../engine/compute/graph/program.ts";
import type { Tensor } from "../../../engine/compute/graph/tensor.ts";
import { createTfjsBackend } from "../../../engine/compute/backends/tfjs/index.ts";
import { dpoLoss } from "../../../engine/rl/dpoLoss.ts";
import { ppoLoss } from "../../../engine/rl/ppoLoss.ts";
import { PPO_LOSS_DEFAULTS } from "./ppoLossDefaults.ts";
import { rewardLoss } from "../../../engine/rl/rewardLoss.ts";
import { allClose, close, evaluate, type Feeds, inputs } from "./evaluate.ts";
import { flat, TRL } from "./trlGolden.ts";

/**
 * A backend computes in f32: 2^−24 relative per operation. The losses here are some 20 operations deep on numbers up
 * to 10, of which sums of 18 are the longest, so 1e-5 is several times the error to expect.
 */
const F32 = 1e-5;

/** Runs the graph on the oracle backend. */
async function onBackend(outputs: Readonly<Record<string, Tensor>>, feeds: Feeds): Promise<Map<string, number[]>> {
  const backend = await createTfjsBackend();
  const executable = backend.compile(plan(outputs));
  const { inputs: needed } = executable.program;
  const given = Object.entries(feeds).filter(([name]) => name in needed);
  const results = await executable.run({
    inputs: Object.fromEntries(given.map(([name, values]) => [name, Float32Array.from(values)])),
  });
  executable.release();
  await backend.close();
  return new Map(Object.entries(results).map(([name, values]) => [name, Array.from(values)]));
}

describe("losses on a backend", () => {
  const mask = flat(TRL.inputs.mask);

  for (const golden of TRL.cases) {
    const whitened = golden.whiten_rewards ? "whitened" : "as they are";

    it(`give TRL 0.11.4's PPO losses and the float64 gradients: ${golden.kl_penalty}, rewards ${whitened}`, async () => {
      const feeds = {
        logprobs: flat(TRL.inputs.new_logprobs),
        oldLogprobs: flat(TRL.inputs.logprobs),
        advantages: flat(golden.advantages),
        values: flat(TRL.inputs.vpreds),
        oldValues: flat(golden.values_masked),
        returns: flat(golden.returns),
        mask,
        valueMask: mask,
        entropy: mask,
      };
      const tensors = inputs(feeds);
      const { loss, metrics } = ppoLoss(tensors, PPO_LOSS_DEFAULTS);
      const [dLogprobs, dValues] = gradients(loss, [tensors.logprobs, tensors.values]);
      if (dLogprobs === undefined || dValues === undefined) throw new TypeError("two gradients were asked for");
      const outputs = { policy: metrics["loss/policy"], value: metrics["loss/value"], dLogprobs, dValues };
      const results = await onBackend(outputs, feeds);
      close(results.get("policy")?.[0], golden.pg_loss, F32);
      close(0.1 * (results.get("value")?.[0] ?? NaN), golden.vf_loss_times_coef, F32);
      const [exactLogprobs = [], exactValues = []] = evaluate([dLogprobs, dValues], feeds);
      allClose(results.get("dLogprobs") ?? [], exactLogprobs, F32, "d loss / d logprobs");
      allClose(results.get("dValues") ?? [], exactValues, F32, "d loss / d values");
    });
  }

  for (const golden of TRL.ppo_v2.cases) {
    const whitened = golden.whiten_rewards ? "whitened" : "as they are";

    it(`give TRL 1.9's PPO losses: ${golden.kl_estimator}, rewards ${whitened}`, async () => {
      // The response ends with the last reward that is not on its pad; the golden's lengths say where.
      const columns = [0, 1, 2, 3, 4, 5];
      const upTo = (extra: number): Float64Array =>
        flat(golden.sequence_lengths.map((last) => columns.map((t) => (t <= last + extra ? 1 : 0))));
      const valueMask = upTo(1);
      const feeds = {
        logprobs: flat(TRL.inputs.new_logprobs),
        oldLogprobs: flat(TRL.inputs.logprobs),
        advantages: flat(golden.advantages),
        values: flat(TRL.inputs.vpreds),
        oldValues: flat(TRL.inputs.values).map((value, at) => value * (valueMask[at] ?? NaN)),
        returns: flat(golden.returns),
        mask: upTo(0),
        valueMask,
        entropy: mask,
      };
      const { metrics } = ppoLoss(inputs(feeds), PPO_LOSS_DEFAULTS);
      const outputs = { policy: metrics["loss/policy"], value: metrics["loss/value"], total: metrics["loss/total"] };
      const results = await onBackend(outputs, feeds);
      close(results.get("policy")?.[0], golden.pg_loss, F32);
      close(results.get("value")?.[0], golden.vf_loss, F32);
      close(results.get("total")?.[0], golden.loss, F32);
    });
  }

  it("are zero on the device when the mean ratio is over the threshold, also for a ratio that overflows f32", async () => {
    const zeros = [0, 0];
    const feeds = {
      logprobs: [200, -1],
      oldLogprobs: [-1, -1],
      advantages: [-1, 1],
      values: [1, 1],
      oldValues: zeros,
      returns: zeros,
      mask: [1, 1],
      valueMask: [1, 1],
      entropy: zeros,
    };
    const tensors = inputs(feeds);
    const { loss } = ppoLoss(tensors, PPO_LOSS_DEFAULTS);
    const [dLogprobs, dValues] = gradients(loss, [tensors.logprobs, tensors.values]);
    if (dLogprobs === undefined || dValues === undefined) throw new TypeError("two gradients were asked for");
    const results = await onBackend({ loss, dLogprobs, dValues }, feeds);
    for (const [name, values] of results) allClose(values, new Float64Array(values.length), 0, name);
  });

  it("give TRL's reward and DPO losses", async () => {
    const { reward, dpo } = TRL;
    const feeds = {
      chosen: reward.chosen,
      rejected: reward.rejected,
      margin: reward.margin,
      policyChosen: dpo.policy_chosen,
      policyRejected: dpo.policy_rejected,
      referenceChosen: dpo.ref_chosen,
      referenceRejected: dpo.ref_rejected,
    };
    const t = inputs(feeds);
    const results = await onBackend(
      {
        plain: rewardLoss(t.chosen, t.rejected, { centering: 0 }),
        margin: rewardLoss(t.chosen, t.rejected, { margin: t.margin, centering: 0 }),
        centred: rewardLoss(t.chosen, t.rejected, { centering: 0.01 }),
        sigmoid: dpoLoss(t, { beta: dpo.beta, kind: "sigmoid" }).loss,
        hinge: dpoLoss(t, { beta: dpo.beta, kind: "hinge" }).loss,
      },
      feeds,
    );
    const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;
    close(results.get("plain")?.[0], reward.loss, F32);
    close(results.get("margin")?.[0], reward.loss_margin, F32);
    close(results.get("centred")?.[0], reward.loss_center_001, F32);
    close(results.get("sigmoid")?.[0], mean(dpo.sigmoid), F32);
    close(results.get("hinge")?.[0], mean(dpo.hinge), F32);
  });
});
