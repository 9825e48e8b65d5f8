import assert from "node:assert/strict";
import fc from "fast-check";
import { lengthBins } from "../../../../engine/pipeline/preview/lengths.ts";

describe("a histogram of lengths", () => {
  it("has bins of one width that is easy to read, from 0 to the longest", () => {
    assert.deepEqual(lengthBins([0, 1, 1, 3]), [
      { from: 0, to: 0, count: 1 },
      { from: 1, to: 1, count: 2 },
      { from: 2, to: 2, count: 0 },
      { from: 3, to: 3, count: 1 },
    ]);
    assert.deepEqual(
      lengthBins([2048, 5]).map(({ from }) => from)[1],
      100, // 21 bins
    );
    assert.deepEqual(lengthBins([]), []);
  });

  it("counts every length once, in few bins", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200_000), { minLength: 1 }), (lengths) => {
        const bins = lengthBins(lengths);
        assert.ok(bins.length <= 33, `${bins.length}`);
        for (const { from, to, count } of bins) {
          assert.equal(count, lengths.filter((length) => length >= from && length <= to).length);
        }
        assert.equal(
          bins.reduce((sum, { count }) => sum + count, 0),
          lengths.length,
        );
      }),
    );
  });
});
