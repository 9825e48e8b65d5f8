import assert from "node:assert/strict";
import fc from "fast-check";

import { type AdaptiveKl, type KlController, updateKl } from "../../../engine/rl/klController.ts";
import { close } from "./evaluate.ts";

const adaptive: AdaptiveKl = { kind: "adaptive", beta: 0.2, target: 6, horizon: 10_000 };

describe("updateKl", () => {
  it("leaves a fixed β alone", () => {
    const fixed: KlController = { kind: "fixed", beta: 0.05 };
    assert.equal(updateKl(fixed, 100, 128), fixed);
  });

  it("raises β by at most a fifth of n/horizon, and lowers it by as much", () => {
    close(updateKl(adaptive, 600, 100).beta, 0.2 * 1.002, 1e-15);
    close(updateKl(adaptive, -600, 100).beta, 0.2 * 0.998, 1e-15);
    close(updateKl(adaptive, 6.6, 100).beta, 0.2 * 1.001, 1e-15);
  });

  it("moves β towards more KL penalty exactly when KL is over target", () => {
    fc.assert(
      fc.property(fc.double({ min: -50, max: 50, noNaN: true }), (kl) => {
        const { beta } = updateKl(adaptive, kl, 128);
        assert(kl > 6 ? beta >= 0.2 : beta <= 0.2);
      }),
    );
  });

  it("keeps β when the KL is not a number", () => {
    assert.equal(updateKl(adaptive, NaN, 128), adaptive);
  });

  it("goes on after a round trip through JSON as if uninterrupted", () => {
    const straight = updateKl(updateKl(adaptive, 9, 128), 3, 128);
    const resumed = JSON.parse(JSON.stringify(updateKl(adaptive, 9, 128))) as AdaptiveKl;
    assert.deepEqual(updateKl(resumed, 3, 128), straight);
  });
});
