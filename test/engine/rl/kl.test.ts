import assert from "node:assert/strict";
import fc from "fast-check";

import { klPerToken, mixKl, sequenceKl } from "../../../engine/rl/kl.ts";
import { RolloutError } from "../../../engine/rl/rollout.ts";
import { allClose, close } from "./evaluate.ts";

const l = Float64Array.of(-1, -2);
const r = Float64Array.of(-2, -1.5);

/** A distribution over five tokens from positive weights. */
const distribution = fc
  .array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 })
  .map((weights) => weights.map((weight) => weight / weights.reduce((sum, w) => sum + w, 0)));

const kl = (p: readonly number[], q: readonly number[]): number =>
  p.reduce((sum, x, v) => sum + x * Math.log(x / (q[v] ?? NaN)), 0);

describe("klPerToken", () => {
  it("is l − r, its size, half its square, and k3", () => {
    allClose(klPerToken(l, r, "kl"), [1, -0.5], 0);
    allClose(klPerToken(l, r, "abs"), [1, 0.5], 0);
    allClose(klPerToken(l, r, "mse"), [0.5, 0.125], 0);
    allClose(klPerToken(l, r, "k3"), [Math.exp(-1), Math.exp(0.5) - 1.5], 1e-15);
  });

  it("is never negative for k3, and unbiased: its mean under π is the KL", () => {
    fc.assert(
      fc.property(distribution, distribution, (p, q) => {
        const estimates = klPerToken(Float64Array.from(p, Math.log), Float64Array.from(q, Math.log), "k3");
        assert(estimates.every((estimate) => estimate >= 0));
        // Five terms, logs up to 5 in size: rounding stays far under 1e-12.
        close(
          p.reduce((sum, x, v) => sum + x * (estimates[v] ?? NaN), 0),
          kl(p, q),
          1e-12,
        );
      }),
    );
  });

  it("is never negative for the forward kind, and unbiased: its mean under π is the KL the other way round", () => {
    // By hand, of l − r = 1: ρ = e⁻¹, and ρ·(−1) − ρ + 1.
    allClose(klPerToken(l.subarray(0, 1), r.subarray(0, 1), "forward"), [1 - 2 * Math.exp(-1)], 1e-15);
    fc.assert(
      fc.property(distribution, distribution, (p, q) => {
        const estimates = klPerToken(Float64Array.from(p, Math.log), Float64Array.from(q, Math.log), "forward");
        assert(estimates.every((estimate) => estimate >= -1e-15));
        close(
          p.reduce((sum, x, v) => sum + x * (estimates[v] ?? NaN), 0),
          kl(q, p),
          1e-12,
        );
      }),
    );
  });

  it("is 0 for the policy itself, for every kind", () => {
    for (const kind of ["kl", "abs", "mse", "k3", "forward"] as const) allClose(klPerToken(l, l, kind), [0, 0], 0);
  });
});

describe("mixing references (MKL)", () => {
  it("has the mean of the KLs equal the KL to the normalised geometric mean minus log Z", () => {
    fc.assert(
      fc.property(distribution, distribution, distribution, (p, q1, q2) => {
        const roots = q1.map((x, v) => Math.sqrt(x * (q2[v] ?? NaN)));
        const z = roots.reduce((sum, x) => sum + x, 0);
        const geometric = roots.map((x) => x / z);
        close((kl(p, q1) + kl(p, q2)) / 2, kl(p, geometric) - Math.log(z), 1e-12);
        // And the engine's KL per token, averaged under π, is the same number.
        const policy = Float64Array.from(p, Math.log);
        const perToken = mixKl([q1, q2].map((q) => klPerToken(policy, Float64Array.from(q, Math.log), "kl")));
        close(
          p.reduce((sum, x, v) => sum + x * (perToken[v] ?? NaN), 0),
          (kl(p, q1) + kl(p, q2)) / 2,
          1e-12,
        );
      }),
    );
  });

  it("gives for k1 the KL to the mean log-prob, and for a bent kind another number", () => {
    const other = Float64Array.of(-0.5, -3);
    const mean = r.map((x, at) => (x + (other[at] ?? NaN)) / 2);
    const mixed = (kind: "kl" | "mse"): Float64Array =>
      mixKl([r, other].map((reference) => klPerToken(l, reference, kind)));
    allClose(mixed("kl"), klPerToken(l, mean, "kl"), 1e-15);
    // l − r is 1 and −0.5 in the first column, −0.5 and 1 in the second.
    allClose(mixed("mse"), [0.3125, 0.3125], 1e-15);
  });

  it("leaves the KL to one reference as it is, and refuses none", () => {
    allClose(mixKl([r]), r, 0);
    assert.throws(() => mixKl([]), RolloutError);
  });
});

describe("sequenceKl", () => {
  it("sums the response of each row", () => {
    const sums = sequenceKl(Float64Array.of(1, 2, 4, NaN), Float64Array.of(1, 1, 1, 0), { B: 2, R: 2 });
    allClose(sums, [3, 4], 0);
  });
});
