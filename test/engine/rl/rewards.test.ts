import assert from "node:assert/strict";

import { ShapeError } from "../../../engine/compute/graph/tensor.ts";
import { responseMask, rewardMask, scoreColumns } from "../../../engine/rl/responseMask.ts";
import { rewards } from "../../../engine/rl/rewards.ts";
import { RolloutError } from "../../../engine/rl/rollout.ts";
import { allClose } from "./evaluate.ts";

const shape = { B: 3, R: 4 };
/** One response ends at column 1, one starts with eos, one never ends. */
const mask = responseMask([2, 1, 4], shape);

describe("response mask", () => {
  it("is 1 on each response, its last token included", () => {
    assert.deepEqual([...mask], [1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1]);
  });

  it("places the score on the last token, or on the first pad while there is one", () => {
    assert.deepEqual([...scoreColumns(mask, shape, "lastToken")], [1, 0, 3]);
    assert.deepEqual([...scoreColumns(mask, shape, "afterEos")], [2, 1, 3]);
    assert.deepEqual([...rewardMask(mask, shape, "afterEos")], [1, 1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1]);
  });

  it("refuses a row without response", () => {
    assert.throws(() => scoreColumns(new Float32Array(4), { B: 2, R: 2 }, "lastToken"), RolloutError);
  });
});

describe("rewards", () => {
  const kl = Float64Array.of(1, 2, NaN, Infinity, 3, NaN, NaN, NaN, 0, 0, 0, 1);
  const scores = [10, 20, 30];

  it("are −β·KL plus the score at the end, and 0 in the padding whatever its KL", () => {
    const paid = rewards(kl, scores, mask, shape, { beta: 0.5, scorePosition: "lastToken" });
    allClose(paid, [-0.5, 9, 0, 0, 18.5, 0, 0, 0, 0, 0, 0, 29.5], 0);
  });

  it("pay the score after the eos when asked", () => {
    const paid = rewards(kl, scores, mask, shape, { beta: 0.5, scorePosition: "afterEos" });
    allClose(paid, [-0.5, -1, 10, 0, -1.5, 20, 0, 0, 0, 0, 0, 29.5], 0);
  });

  it("weigh the KL of each response by the mean length over its own when asked", () => {
    const settings = { beta: 0.5, scorePosition: "lastToken", byLength: true } as const;
    // Lengths 2, 1 and 4: the mean is 7/3, and the scales are 7/6, 7/3 and 7/12.
    const paid = rewards(kl, scores, mask, shape, settings);
    allClose(paid, [-7 / 12, 10 - 7 / 6, 0, 0, 20 - 3.5, 0, 0, 0, 0, 0, 0, 30 - 7 / 24], 1e-14);
  });

  it("take as much off a short response as off a long one of the same KL a token, when asked", () => {
    const penalties = (byLength: boolean): number[] => {
      const paid = rewards(new Float64Array(12).fill(1), [0, 0, 0], mask, shape, {
        ...{ beta: 0.3, scorePosition: "lastToken", byLength },
      });
      return [0, 1, 2].map((row) => paid.subarray(4 * row, 4 * row + 4).reduce((sum, one) => sum + one, 0));
    };
    allClose(penalties(false), [-0.6, -0.3, -1.2], 1e-15);
    allClose(penalties(true), [-0.7, -0.7, -0.7], 1e-15);
  });

  it("refuse a KL of another shape", () => {
    const settings = { beta: 1, scorePosition: "lastToken" } as const;
    assert.throws(() => rewards(new Float64Array(4), scores, mask, shape, settings), ShapeError);
  });
});
