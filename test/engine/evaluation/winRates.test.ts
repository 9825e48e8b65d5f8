import assert from "node:assert/strict";
import fc from "fast-check";

import { detectableGap } from "../../../engine/evaluation/statistics/power.ts";
import { randomStream } from "../../../engine/evaluation/statistics/random.ts";
import { rateInterval, rateTest } from "../../../engine/evaluation/statistics/rate.ts";
import { signTest } from "../../../engine/evaluation/statistics/signTest.ts";
import type { Outcome } from "../../../engine/evaluation/judges/judge.ts";
import { type Comparison, winRate, winRatesBySeed } from "../../../engine/evaluation/winRates.ts";

const OUTCOMES: readonly Outcome[] = ["win", "loss", "tie", "dropped"];

const comparisons = fc.array(
  fc.record({ prompt: fc.constantFrom("p", "q", "r", "s"), seed: fc.nat(2), outcome: fc.constantFrom(...OUTCOMES) }),
  { minLength: 1, maxLength: 30 },
);

function near(actual: number | undefined, expected: number, tolerance = 1e-12): void {
  assert(Math.abs((actual ?? NaN) - expected) <= tolerance, `got ${actual}, expected ${expected}`);
}

const each = (outcomes: readonly Outcome[], seed?: number): Comparison[] =>
  outcomes.map((outcome, at) => ({ prompt: String(at), outcome, ...(seed !== undefined && { seed }) }));

/** The same outcomes seen from side b. */
const swapSides = (rows: readonly Comparison[]): Comparison[] => {
  const outcomes = { win: "loss", loss: "win", tie: "tie", dropped: "dropped" } as const;
  return rows.map((row) => ({ ...row, outcome: outcomes[row.outcome] }));
};

describe("win rates", () => {
  it("are W/N and (W + T/2)/N, without what was dropped", () => {
    const rate = winRate(each(["win", "win", "win", "loss", "tie", "tie", "dropped"]));
    assert.deepEqual([rate.wins, rate.losses, rate.ties, rate.dropped, rate.n], [3, 1, 2, 1, 6]);
    near(rate.winRate, 0.5);
    near(rate.adjusted, 4 / 6);
    near(rate.p, signTest(3, 1));
  });

  it("of no comparison are not numbers, and p is 1", () => {
    const rate = winRate([]);
    assert(Number.isNaN(rate.winRate) && Number.isNaN(rate.adjusted) && Number.isNaN(rate.low));
    assert.equal(rate.p, 1);
  });

  it("contain their estimate and stay in [0, 1]", () => {
    fc.assert(
      fc.property(comparisons, (rows) => {
        const { n, low, adjusted, high, p } = winRate(rows);
        if (n > 0) assert(low >= 0 && low <= adjusted && adjusted <= high && high <= 1, `${low} ${adjusted} ${high}`);
        assert(p >= 0 && p <= 1);
      }),
    );
  });

  it("mirror when the sides change places", () => {
    fc.assert(
      fc.property(comparisons, (rows) => {
        const one = winRate(rows);
        const other = winRate(swapSides(rows));
        if (one.n === 0) return;
        near(other.adjusted, 1 - one.adjusted);
        near(other.low, 1 - one.high, 1e-9);
        near(other.p, one.p, 1e-9);
        assert.deepEqual([other.wins, other.losses], [one.losses, one.wins]);
      }),
    );
  });

  it("are not surer for asking the same prompts twice", () => {
    const once = each(["win", "win", "tie", "loss", "win", "tie"]);
    const { low, high, p } = winRate(once);
    const twice = winRate([...once, ...once]);
    near(twice.low, low);
    near(twice.high, high);
    near(twice.p, p);
  });
});

describe("the interval of a rate", () => {
  const rate = (estimate: number, n: number) => ({
    estimate,
    variance: (estimate * (1 - estimate)) / n,
    df: Infinity,
    nClusters: n,
  });

  it("is Wilson's for independent games without ties", () => {
    // R: prop.test(8, 10, correct = FALSE).
    const { low, high } = rateInterval(rate(0.8, 10));
    near(low, 0.4901625, 1e-7);
    near(high, 0.9433178, 1e-7);
  });

  it("has width when all games end alike", () => {
    const { low, high } = rateInterval({ estimate: 1, variance: 0, df: Infinity, nClusters: 20 });
    assert.equal(high, 1);
    // Clopper & Pearson's: 0.025^(1/20).
    near(low, 0.025 ** (1 / 20), 1e-12);
  });

  it("leaves ½ out exactly when its test has p below 0.05", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.02, max: 0.98, noNaN: true }),
        fc.integer({ min: 2, max: 2000 }),
        (estimate, n) => {
          const { low, high } = rateInterval(rate(estimate, n));
          const p = rateTest(rate(estimate, n));
          if (Math.abs(p - 0.05) > 1e-9) assert.equal(p < 0.05, low > 0.5 || high < 0.5);
        },
      ),
    );
  });
});

describe("several seeds", () => {
  const bySeed = [0.62, 0.5, 0.66, 0.46].flatMap((share, seed) =>
    each(
      Array.from({ length: 50 }, (_, at): Outcome => (at < 50 * share ? "win" : "loss")),
      seed,
    ),
  );

  it("each have a line, in order", () => {
    const rates = winRatesBySeed(bySeed);
    assert.deepEqual([...rates.keys()], [0, 1, 2, 3]);
    near(rates.get(2)?.winRate, 0.66);
    assert.equal(rates.get(2)?.nSeeds, 1);
  });

  it("pool to an interval that their spread widens", () => {
    const pooled = winRate(bySeed);
    const asOneSeed = winRate(bySeed.map(({ prompt, outcome, seed }) => ({ prompt: `${prompt}/${seed}`, outcome })));
    assert.equal(pooled.nSeeds, 4);
    near(pooled.adjusted, 0.56);
    assert(pooled.high - pooled.low > 1.5 * (asOneSeed.high - asOneSeed.low));
    assert(pooled.p > asOneSeed.p);
  });

  it("cover the truth in about 95 of 100 repetitions when seeds differ", () => {
    const random = randomStream(11);
    const normal = (): number => Array.from({ length: 12 }, random).reduce((sum, u) => sum + u, -6);
    let covered = 0;
    for (let repetition = 0; repetition < 400; repetition++) {
      const rows = [0, 1, 2, 3].flatMap((seed) => {
        const truth = 0.55 + 0.04 * normal();
        return each(
          Array.from({ length: 60 }, (): Outcome => (random() < truth ? "win" : "loss")),
          seed,
        );
      });
      const { low, high } = winRate(rows);
      if (low <= 0.55 && 0.55 <= high) covered++;
    }
    // A binomial share of 400 has deviation 1.1 %; the floor on the variance makes the interval a little cautious.
    assert(covered >= 0.92 * 400, `${covered} of 400`);
  });
});

describe("signs of bias", () => {
  const games = (...winners: readonly ["a" | "b" | "tie", "a" | "b" | "tie"][]): Comparison[] =>
    winners.map((pair, at) => ({
      prompt: String(at),
      outcome: pair[0] === pair[1] && pair[0] !== "tie" ? (pair[0] === "a" ? "win" : "loss") : "tie",
      games: pair,
      lengths: [10 + at, 12],
    }));

  it("count position flips among all comparisons, ties with a side aside", () => {
    const rate = winRate(games(["a", "a"], ["a", "b"], ["tie", "a"], ["b", "a"]));
    near(rate.flipRate, 2 / 4);
  });

  it("count how often the longer answer wins when one wins", () => {
    // Lengths 10:12 (b longer, a wins), 11:12 (b longer, b wins), 12:12 (equal), 13:12 (a longer, a wins).
    near(winRate(games(["a", "a"], ["b", "b"], ["a", "a"], ["a", "a"])).longerWins, 2 / 3);
  });

  it("are absent without games and lengths", () => {
    const rate = winRate(each(["win"]));
    assert(!("flipRate" in rate) && !("longerWins" in rate));
  });
});

describe("detectableGap", () => {
  it("is the textbook number without ties, 10 points for 194 games, and falls with ties", () => {
    // ((1.95996·0.5 + 0.84162·√0.24) / 0.1)² = 193.85.
    assert.ok(Math.abs(detectableGap(193.85) - 0.1) < 1e-5);
    assert.ok(detectableGap(194, 0.6) < detectableGap(194));
  });

  it("delivers its power in simulation", () => {
    const random = randomStream(5);
    const n = 116; // a gap of 10 points with 40 % of ties
    assert.ok(Math.abs(detectableGap(n, 0.4) - 0.1) < 5e-4);
    let seen = 0;
    for (let repetition = 0; repetition < 1000; repetition++) {
      let [wins, losses] = [0, 0];
      for (let game = 0; game < n; game++) {
        const u = random();
        if (u < 0.4) wins++;
        else if (u < 0.6) losses++;
      }
      if (signTest(wins, losses) < 0.05) seen++;
    }
    // A share of 1,000 has deviation 1.3 %; the exact test gives away some 3 % of the normal one's power.
    assert(seen > 740 && seen < 850, `${seen} of 1000`);
  });
});
