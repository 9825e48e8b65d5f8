import assert from "node:assert/strict";
import fc from "fast-check";

import { maskedMean, maskedVariance, RolloutError } from "../../../engine/rl/rollout.ts";
import { whiten } from "../../../engine/rl/whiten.ts";
import { allClose, close } from "./evaluate.ts";

describe("whiten", () => {
  it("maps two tokens to ± 1/√2", () => {
    const half = Math.SQRT1_2;
    allClose(whiten(Float64Array.of(1, 3), Float64Array.of(1, 1)), [-half, half], 1e-8);
  });

  it("gives mean 0 and variance 1 over the mask, whatever the padding holds", () => {
    const token = fc.tuple(fc.double({ min: -9, max: 9, noNaN: true }), fc.boolean());
    fc.assert(
      fc.property(fc.array(token, { maxLength: 20 }), (tokens) => {
        const x = Float64Array.from([-1, 1, ...tokens.map(([value, real]) => (real ? value : NaN))]);
        const mask = Float64Array.from([1, 1, ...tokens.map(([, real]) => (real ? 1 : 0))]);
        const white = whiten(x, mask);
        // The two fixed tokens keep the variance over 0.05, where 1e-8 in the root moves the result by < 1e-6.
        close(maskedMean(white, mask), 0, 1e-12);
        close(maskedVariance(white, mask), 1, 1e-6);
      }),
    );
  });

  it("adds the mean back when asked to keep it", () => {
    const x = Float64Array.of(1, 2, 6);
    const mask = Float64Array.of(1, 1, 1);
    close(maskedMean(whiten(x, mask, "keep"), mask), 3, 1e-12);
  });

  it("refuses a mask of one token", () => {
    assert.throws(() => whiten(Float64Array.of(1, 2), Float64Array.of(0, 1)), RolloutError);
  });
});
