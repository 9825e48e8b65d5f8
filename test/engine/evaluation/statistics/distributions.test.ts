import assert from "node:assert/strict";
import fc from "fast-check";

import {
  incompleteBeta,
  logGamma,
  normalQuantile,
  normalTail,
  studentQuantile,
  studentTwoSided,
} from "../../../../engine/figures/distributions.ts";
import { randomStream } from "../../../../engine/evaluation/statistics/random.ts";
import { clustersOf } from "../../../../engine/evaluation/statistics/clusters.ts";
import { holm } from "../../../../engine/evaluation/statistics/holm.ts";
import {
  clusteredVariance,
  mean,
  meanInterval,
  quantileOfSorted,
  variance,
} from "../../../../engine/evaluation/statistics/mean.ts";
import { signTest } from "../../../../engine/evaluation/statistics/signTest.ts";

/** Relative distance; the distributions below are computed to about 1e-13. */
function near(actual: number, expected: number, tolerance = 1e-12): void {
  const error = Math.abs(actual - expected) / Math.max(Math.abs(expected), 1e-300);
  assert(error <= tolerance, `got ${actual}, expected ${expected} (relative error ${error})`);
}

/** The sign test in whole numbers: 2·Σ C(n, k) / 2^n over the shorter tail. */
function exactSignTest(wins: number, losses: number): number {
  const n = BigInt(wins + losses);
  let choose = 1n;
  let sum = 0n;
  for (let k = 0n; k <= BigInt(Math.min(wins, losses)); k++) {
    sum += choose;
    choose = (choose * (n - k)) / (k + 1n);
  }
  // For 800 games the smallest p is 2^−799, which leaves the quotient 200 binary digits.
  return Math.min(1, Number((2n * sum * 2n ** 1000n) / 2n ** n) / 2 ** 1000);
}

describe("distributions", () => {
  it("have the textbook values", () => {
    near(normalQuantile(0.975), 1.959963984540054);
    near(normalQuantile(0.8), 0.8416212335729143);
    near(normalTail(5), 2.866515718791939e-7);
    near(studentQuantile(0.95, 3), 3.182446305284263);
    near(studentQuantile(0.95, 9), 2.2621571627982053);
    near(logGamma(0.5), Math.log(Math.PI) / 2);
    near(logGamma(101), 363.73937555556347);
  });

  it("agree with closed forms: Student's t with one and two degrees of freedom", () => {
    for (const t of [0.1, 1, 3, 20]) {
      near(studentTwoSided(t, 1), 1 - (2 / Math.PI) * Math.atan(t), 1e-11);
      near(studentTwoSided(t, 2), 1 - t / Math.sqrt(2 + t * t), 1e-11);
    }
  });

  it("have quantiles that invert the tail", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 0.5, noNaN: true }), (p) => {
        near(normalTail(-normalQuantile(p)), p, 1e-11);
      }),
    );
  });

  it("have a Student's t that becomes the normal", () => {
    near(studentQuantile(0.95, 1e5), 1.959988, 1e-6);
    near(studentTwoSided(2, Infinity), 2 * normalTail(2));
  });

  it("have a symmetric incomplete beta", () => {
    near(incompleteBeta(0.3, 2, 5) + incompleteBeta(0.7, 5, 2), 1);
    near(incompleteBeta(0.25, 1, 1), 0.25);
  });
});

describe("signTest", () => {
  it("is worked by hand for 8 wins and 2 losses", () => {
    near(signTest(8, 2), (2 * (1 + 10 + 45)) / 1024);
  });

  it("is 1 for an even split and for no games", () => {
    assert.equal(signTest(7, 7), 1);
    assert.equal(signTest(0, 0), 1);
    near(signTest(1, 0), 1);
  });

  it("equals the sum in whole numbers", () => {
    fc.assert(
      fc.property(fc.nat(400), fc.nat(400), (wins, losses) => {
        near(signTest(wins, losses), exactSignTest(wins, losses), 1e-11);
        assert.equal(signTest(wins, losses), signTest(losses, wins));
      }),
    );
  });

  it("is stable for 100,000 games", () => {
    // Against the normal approximation with continuity correction, whose own error here is below 1e-3 of the value.
    const z = (50_500 - 50_000 - 0.5) / Math.sqrt(25_000);
    near(signTest(50_500, 49_500), 2 * normalTail(z), 1e-3);
    assert.equal(signTest(100_000, 0), 0);
  });
});

describe("holm", () => {
  it("is worked by hand, in the order given", () => {
    assert.deepEqual(
      holm([0.01, 0.04, 0.03, 0.005]).map((p) => Number(p.toFixed(12))),
      [0.03, 0.06, 0.06, 0.02],
    );
    assert.deepEqual(holm([]), []);
  });

  it("never lowers a p, never exceeds 1, and keeps the order", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }), (ps) => {
        const adjusted = holm(ps);
        for (const [i, p] of ps.entries()) {
          assert((adjusted[i] ?? NaN) >= p && (adjusted[i] ?? NaN) <= 1);
          for (const [j, q] of ps.entries()) if (p < q) assert((adjusted[i] ?? NaN) <= (adjusted[j] ?? NaN));
        }
      }),
    );
  });
});

describe("mean and variance", () => {
  it("are worked by hand", () => {
    assert.equal(mean([1, 2, 6]), 3);
    assert.equal(variance([1, 2, 6]), 7);
    assert(Number.isNaN(variance([1])));
    const { low, high } = meanInterval([1, 2, 6]);
    near((high - low) / 2, 4.302652729911275 * Math.sqrt(7 / 3), 1e-10);
  });

  it("cluster to the ordinary variance of a mean when every observation stands alone", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 2, maxLength: 20 }), (xs) => {
        const clustered = clusteredVariance(xs, clustersOf(xs.map((_, at) => at)));
        assert(Math.abs(clustered - variance(xs) / xs.length) < 1e-12);
      }),
    );
  });

  it("count a cluster of copies once", () => {
    const xs = [0, 1, 1, 0, 1];
    const names = xs.map((_, at) => String(at));
    near(clusteredVariance([...xs, ...xs], clustersOf([...names, ...names])), clusteredVariance(xs, clustersOf(names)));
  });
});

describe("quantileOfSorted", () => {
  it("interpolates quantiles as NumPy does", () => {
    assert.equal(quantileOfSorted([1, 2, 4], 0.75), 3);
  });
});

describe("randomStream", () => {
  it("repeats itself for a seed, differs between seeds, and stays in [0, 1)", () => {
    const draw = (seed: number): number[] => {
      const random = randomStream(seed);
      return Array.from({ length: 1000 }, random);
    };
    assert.deepEqual(draw(3), draw(3));
    assert.notDeepEqual(draw(3), draw(4));
    assert(draw(3).every((u) => u >= 0 && u < 1));
    // The mean of 1,000 uniforms has deviation 0.009; five of them are 0.046.
    assert(Math.abs(mean(draw(3)) - 0.5) < 0.046);
  });
});
