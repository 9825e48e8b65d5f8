import assert from "node:assert/strict";
import fc from "fast-check";
import { spread } from "../../../webview/plots/labels.ts";

describe("the names beside lines", () => {
  it("stand at the ends of their lines where these leave room", () => {
    assert.deepEqual(spread([50, 10, 90], { top: 0, bottom: 100, gap: 13 }), [50, 10, 90]);
    assert.deepEqual(spread([50, 52], { top: 0, bottom: 100, gap: 10 }), [50, 60]);
    assert.deepEqual(spread([98, 99, 97], { top: 0, bottom: 100, gap: 10 }), [90, 100, 80]);
  });

  it("never lie over each other, keep the order of the lines, and stay beside the plot if all fit there", () => {
    const height = fc.double({ min: -50, max: 450, noNaN: true });
    fc.assert(
      fc.property(fc.array(height, { maxLength: 30 }), (heights) => {
        const placed = spread(heights, { top: 0, bottom: 400, gap: 13 });
        const order = heights.map((_, at) => at).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0));
        for (const [nth, at] of order.entries()) {
          const [own = NaN, before = -Infinity] = [placed[at], placed[order[nth - 1] ?? -1]];
          assert.ok(own - before >= 13 - 1e-9);
          assert.ok(own >= -1e-9 && own <= 400 + 1e-9);
        }
      }),
    );
  });
});
