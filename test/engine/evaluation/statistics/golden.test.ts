import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { cohenKappa, krippendorffAlpha } from "../../../../engine/evaluation/statistics/agreement.ts";
import type { Battle } from "../../../../engine/evaluation/statistics/battles.ts";
import { bradleyTerry } from "../../../../engine/evaluation/statistics/bradleyTerry.ts";
import { clustersOf, type Dependence, dependenceOf } from "../../../../engine/evaluation/statistics/clusters.ts";
import { holm } from "../../../../engine/evaluation/statistics/holm.ts";
import { lengthControlledRate } from "../../../../engine/evaluation/statistics/lengthControl.ts";
import { logisticRegression, sandwich } from "../../../../engine/evaluation/statistics/logistic.ts";
import { clusteredVariance, variance } from "../../../../engine/evaluation/statistics/mean.ts";
import { detectableGap } from "../../../../engine/evaluation/statistics/power.ts";
import { equivalenceTest, rateInterval } from "../../../../engine/evaluation/statistics/rate.ts";
import { clusteredSignTest, signTest } from "../../../../engine/evaluation/statistics/signTest.ts";
import { markdownOf, type Style, styleControlledRate } from "../../../../engine/evaluation/statistics/style.ts";

interface Golden {
  readonly signTests: {
    readonly flat: readonly { readonly wins: number; readonly losses: number; readonly p: number }[];
    readonly clustered: readonly { readonly sums: readonly number[]; readonly p: number }[];
  };
  readonly holm: { readonly ps: readonly number[]; readonly adjusted: readonly number[] };
  readonly intervals: {
    readonly wilson: readonly { readonly wins: number; readonly n: number; readonly ends: readonly number[] }[];
    readonly clopperPearson: readonly { readonly n: number; readonly ends: readonly number[] }[];
  };
  readonly clusteredMean: {
    readonly xs: readonly number[];
    readonly groups: readonly number[];
    readonly variance: number;
  };
  readonly equivalence: readonly {
    readonly estimate: number;
    readonly variance: number;
    readonly n: number;
    readonly p: number;
  }[];
  readonly power: readonly { readonly adjusted: number; readonly tieRate: number; readonly n: number }[];
  readonly lengthControl: {
    readonly lengths: readonly (readonly [number, number])[];
    readonly points: readonly number[];
    readonly groups: readonly number[];
    readonly rate: number;
    readonly unpenalized: readonly number[];
    readonly covariance: readonly number[];
  };
  readonly styleControl: {
    readonly styles: readonly (readonly [Style, Style])[];
    readonly points: readonly number[];
    readonly rate: number;
    readonly marks: readonly { readonly text: string; readonly counts: Omit<Style, "length"> }[];
  };
  readonly ratings: {
    readonly battles: readonly Battle[];
    readonly ratings: Readonly<Record<string, number>>;
    readonly clustered: Readonly<Record<string, readonly [number, number]>>;
  };
  readonly agreement: {
    readonly pairs: readonly (readonly [string, string])[];
    readonly kappa: readonly number[];
    readonly units: readonly (readonly (number | null)[])[];
    readonly alpha: Readonly<Record<"nominal" | "ordinal", number>>;
  };
}

const golden = JSON.parse(
  readFileSync(new URL("../../../golden/statistics/golden.json", import.meta.url), "utf8"),
) as Golden;

/** Distance relative to the value, or to 1 where that is less. */
function near(actual: number | undefined, expected: number | undefined, tolerance = 1e-9): void {
  const error = Math.abs((actual ?? NaN) - (expected ?? NaN)) / Math.max(1, Math.abs(expected ?? NaN));
  assert(error <= tolerance, `got ${actual}, expected ${expected}, error ${error}`);
}

/** Questions by number, of one seed. */
const dependence = (groups: readonly number[]): Dependence =>
  dependenceOf(
    groups.map(String),
    groups.map(() => 0),
  );

describe("statistics agree with", () => {
  it("SciPy's binomial test", () => {
    for (const { wins, losses, p } of golden.signTests.flat) near(signTest(wins, losses), p, 1e-11);
  });

  it("SciPy's permutation of all signs, cluster by cluster", () => {
    for (const { sums, p } of golden.signTests.clustered) near(clusteredSignTest(sums), p, 1e-12);
  });

  it("statsmodels' Holm", () => {
    for (const [at, p] of holm(golden.holm.ps).entries()) near(p, golden.holm.adjusted[at], 1e-14);
  });

  it("statsmodels' intervals of Wilson, and of Clopper and Pearson where all are won", () => {
    for (const { wins, n, ends } of golden.intervals.wilson) {
      const p = wins / n;
      const interval = rateInterval({ estimate: p, variance: (p * (1 - p)) / n, df: Infinity, nClusters: n });
      near(interval.low, ends[0], 1e-12);
      near(interval.high, ends[1], 1e-12);
    }
    for (const { n, ends } of golden.intervals.clopperPearson) {
      const { low, high } = rateInterval({ estimate: 1, variance: 0, df: Infinity, nClusters: n });
      near(low, ends[0], 1e-12);
      near(high, ends[1], 1e-12);
    }
  });

  it("statsmodels' clustered variance of a mean", () => {
    const { xs, groups, variance: expected } = golden.clusteredMean;
    near(clusteredVariance(xs, clustersOf(groups)), expected, 1e-13);
  });

  it("statsmodels' two one-sided t tests", () => {
    for (const { estimate, variance: of, n, p } of golden.equivalence) {
      near(equivalenceTest({ estimate, variance: of, df: n - 1, nClusters: n }, 0.02), p, 1e-10);
    }
  });

  it("statsmodels' sample size by the normal approximation, which neglects the wrong tail as we do", () => {
    for (const { adjusted, tieRate, n } of golden.power)
      near(detectableGap(n, tieRate), Math.abs(adjusted - 0.5), 1e-9);
  });

  it("scikit-learn's logistic regression on AlpacaEval's feature, and statsmodels' clustered sandwich", () => {
    const { lengths, points, groups, rate, unpenalized, covariance } = golden.lengthControl;
    // Their solver stops at a gradient of 1e-14 of a mean, which is some 1e-9 of a coefficient.
    near(lengthControlledRate({ lengths, points, dependence: dependence(groups) })?.estimate, rate, 1e-8);
    const gaps = lengths.map(([a, b]) => a - b);
    const spread = Math.sqrt(variance(gaps));
    const x = Float64Array.from(gaps.flatMap((gap) => [1, Math.tanh(gap / spread)]));
    const design = { x, y: Float64Array.from(points), width: 2 };
    const fit = logisticRegression(design, 1e-12);
    for (const [k, one] of fit.coefficients.entries()) near(one, unpenalized[k], 1e-9);
    const ours = sandwich(design, fit, clustersOf(groups));
    for (const [k, one] of ours.entries()) near(one, covariance[k], 1e-9);
  });

  it("Arena-Hard's counts of Markdown, and scikit-learn on its style features", () => {
    const { styles, points, rate, marks } = golden.styleControl;
    for (const { text, counts } of marks) assert.deepEqual(markdownOf(text), counts, text);
    near(styleControlledRate({ styles, points, dependence: dependence([...points.keys()]) })?.estimate, rate, 1e-8);
  });

  it("Arena-Hard's ratings, and statsmodels' sandwich by question around them", () => {
    const { battles, ratings, clustered } = golden.ratings;
    const ours = bradleyTerry(battles, "base");
    for (const [model, expected] of Object.entries(ratings)) {
      // In points: a ridge of 1e-6 here and of 1e-9 there, on log-odds.
      near(ours.get(model)?.estimate, expected, 1e-6);
      near(ours.get(model)?.low, clustered[model]?.[0], 1e-6);
      near(ours.get(model)?.high, clustered[model]?.[1], 1e-6);
    }
  });

  it("statsmodels' κ with its interval, and krippendorff's α with ratings missing", () => {
    const { pairs, kappa, units, alpha } = golden.agreement;
    const { estimate, low, high } = cohenKappa(pairs);
    for (const [at, value] of [estimate, low, high].entries()) near(value, kappa[at], 1e-12);
    const rated = units.map((unit) => unit.map((one) => one ?? undefined));
    for (const scale of ["nominal", "ordinal"] as const) near(krippendorffAlpha(rated, scale), alpha[scale], 1e-12);
  });
});
