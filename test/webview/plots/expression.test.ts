import assert from "node:assert/strict";
import fc from "fast-check";
import { METRICS } from "../../../engine/protocol/catalogue.ts";
import type { Curve } from "../../../webview/model.ts";
import {
  combine,
  describePlot,
  expressionName,
  OPERATORS,
  parseExpression,
  partsOf,
} from "../../../webview/plots/expression.ts";

function curve(points: readonly (readonly [step: number, value: number])[]): Curve {
  return {
    steps: Float64Array.from(points, ([step]) => step),
    times: Float64Array.from(points, ([step]) => 1000 * step),
    values: Float64Array.from(points, ([, value]) => value),
  };
}

describe("an expression of two metrics", () => {
  it("is read from its name as it was written", () => {
    const metric = fc.constantFrom(...METRICS.map(({ name }) => name), "objective/kl/my soup");
    fc.assert(
      fc.property(metric, fc.constantFrom(...OPERATORS), metric, (left, operator, right) => {
        const name = expressionName({ left, operator, right });
        assert.deepEqual(parseExpression(name), { left, operator, right });
        assert.deepEqual(partsOf(name), [left, right]);
      }),
    );
    assert.equal(parseExpression("objective/kl"), undefined);
    assert.deepEqual(partsOf("objective/kl"), ["objective/kl"]);
  });

  it("is computed where both have a step, and is no number where the denominator is 0", () => {
    const left = curve([
      [1, 6],
      [2, 8],
      [3, 9],
      [5, 1],
    ]);
    const right = curve([
      [1, 2],
      [3, 0],
      [4, 7],
      [5, 4],
    ]);
    const ratio = combine(left, right, "÷");
    assert.deepEqual([...ratio.steps], [1, 3, 5]);
    assert.deepEqual([...ratio.times], [1000, 3000, 5000]);
    assert.deepEqual([...ratio.values], [3, NaN, 0.25]);
    assert.deepEqual([...combine(left, right, "−").values], [4, 9, -3]);
    assert.deepEqual([...combine(left, right, "+").values], [8, 9, 5]);
    assert.deepEqual([...combine(left, right, "×").values], [12, 0, 4]);
  });

  it("is labelled by both, with a unit where they share one", () => {
    const gap = describePlot("objective/kl − objective/entropy");
    assert.deepEqual([gap.label, gap.unit], ["KL to reference − Sequence entropy", "nats per sequence"]);
    assert.equal(describePlot("objective/kl ÷ objective/entropy").unit, "");
    assert.equal(describePlot("objective/score ÷ objective/kl").unit, "reward ÷ nats per sequence");
    // The penalty: β has no unit.
    assert.equal(describePlot("objective/beta × objective/kl").unit, "nats per sequence");
    assert.equal(describePlot("objective/kl + objective/entropy").unit, "nats per sequence");
  });
});
