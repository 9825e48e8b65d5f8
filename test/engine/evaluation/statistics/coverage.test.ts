import assert from "node:assert/strict";

import { normalTail } from "../../../../engine/figures/distributions.ts";
import type { Battle } from "../../../../engine/evaluation/statistics/battles.ts";
import {
  bradleyTerry,
  type Rating,
  type RatingIntervals,
} from "../../../../engine/evaluation/statistics/bradleyTerry.ts";
import { type Dependence, dependenceOf } from "../../../../engine/evaluation/statistics/clusters.ts";
import { lengthControlledRate } from "../../../../engine/evaluation/statistics/lengthControl.ts";
import type { Interval } from "../../../../engine/evaluation/statistics/mean.ts";
import { moreNeeded, powerText } from "../../../../engine/evaluation/statistics/power.ts";
import { randomStream } from "../../../../engine/evaluation/statistics/random.ts";
import { equivalenceTest } from "../../../../engine/evaluation/statistics/rate.ts";
import { clusteredSignTest, signTest } from "../../../../engine/evaluation/statistics/signTest.ts";
import { type Comparison, winRate } from "../../../../engine/evaluation/winRates.ts";

/** Standard normal numbers, by the sum of twelve uniform ones: tails beyond 6 are missing. */
const normals = (random: () => number) => (): number => Array.from({ length: 12 }, random).reduce((s, u) => s + u, -6);

/** Share of repetitions in which something holds. */
function share(nRepetitions: number, holds: () => boolean): number {
  let count = 0;
  for (let repetition = 0; repetition < nRepetitions; repetition++) if (holds()) count += 1;
  return count / nRepetitions;
}

/** Questions that each are asked once, of one seed. */
const alone = (n: number): Dependence =>
  dependenceOf(
    Array.from({ length: n }, (_, at) => String(at)),
    Array.from({ length: n }, () => 0),
  );

/** Pairs of three models. */
const PAIRS = [
  [0, 1],
  [1, 2],
  [0, 2],
] as const;

/** A model's rating against m1. */
function m0(battles: readonly Battle[], intervals?: RatingIntervals): Rating {
  const rating = bradleyTerry(battles, "m1", intervals).get("m0");
  assert(rating !== undefined);
  return rating;
}

const covers = ({ low, high }: Pick<Interval, "low" | "high">, truth: number): boolean => low <= truth && truth <= high;

/** Comparisons of each question, several of which have its mood in common: the mean rate is ½ by symmetry. */
function moody(random: () => number, nQuestions: number, turns: number, shift = 0): Comparison[] {
  const normal = normals(random);
  return Array.from({ length: nQuestions }, (_, question) => {
    const chance = 1 / (1 + Math.exp(-1.5 * normal()));
    return Array.from({ length: turns }, (): Comparison => {
      const outcome = random() < chance + shift ? "win" : "loss";
      return { prompt: String(question), outcome };
    });
  }).flat();
}

// A share of 600 at 95 % has a deviation of 0.9 %: the bounds below are more than three of them away.
describe("intervals cover the truth as often as they say", () => {
  it("by question; were comparisons taken for independent, they would not", () => {
    const random = randomStream(1);
    let naive = 0;
    const clustered = share(600, () => {
      const rows = moody(random, 60, 4);
      if (covers(winRate(rows.map((row, at) => ({ ...row, prompt: String(at) }))), 0.5)) naive += 1;
      return covers(winRate(rows), 0.5);
    });
    assert(clustered > 0.92 && clustered < 0.98, `${clustered}`);
    assert(naive / 600 < 0.88, `${naive / 600}`);
  });

  it("of a rate at equal length, where the plain rate is far from it", () => {
    const random = randomStream(2);
    const normal = normals(random);
    const truth = 1 / (1 + Math.exp(-0.3));
    let plain = 0;
    const controlled = share(400, () => {
      const lengths = Array.from({ length: 300 }, () => [150 + 40 * normal(), 110 + 40 * normal()] as const);
      const gaps = lengths.map(([a, b]) => a - b);
      // Of the gaps' distribution, so that the truth is one number: 40·√2.
      const points = gaps.map((gap) => (random() < 1 / (1 + Math.exp(-0.3 - 1.5 * Math.tanh(gap / 56.57))) ? 1 : 0));
      const rows = points.map((y, at): Comparison => ({ prompt: String(at), outcome: y === 1 ? "win" : "loss" }));
      if (covers(winRate(rows), truth)) plain += 1;
      const interval = lengthControlledRate({ lengths, points, dependence: alone(points.length) });
      return interval !== undefined && covers(interval, truth);
    });
    assert(controlled > 0.91 && controlled < 0.985, `${controlled}`);
    assert(plain / 400 < 0.3, `${plain / 400}`);
  });

  const ratings = (random: () => number): readonly Battle[] => {
    const normal = normals(random);
    const strength = [0.5, 0, -0.5];
    return Array.from({ length: 80 }, (_, question) => {
      const moods = strength.map((one) => one + 0.8 * normal());
      return [0, 1, 2, 3, 4, 5].map((game): Battle => {
        const [a, b] = PAIRS[game % 3] ?? [0, 1];
        const points = random() < 1 / (1 + Math.exp((moods[b] ?? NaN) - (moods[a] ?? NaN))) ? 1 : 0;
        return { a: `m${a}`, b: `m${b}`, points, weight: 1, question: String(question) };
      });
    }).flat();
  };
  // The ratings that are estimated: a large sample's.
  const many = randomStream(3);
  const parts = Array.from({ length: 100 }, (_, part) =>
    ratings(many).map((one) => ({ ...one, question: `${part}/${one.question}` })),
  );
  const truth = m0(parts.flat()).estimate;

  for (const [name, intervals, nRepetitions] of [
    ["the sandwich", { method: "sandwich" }, 400],
    ["the bootstrap", { method: "bootstrap", nDraws: 400, seed: 5 }, 300],
  ] as const satisfies readonly (readonly [string, RatingIntervals, number])[]) {
    it(`of ratings, by ${name} over questions; over battles they would not`, () => {
      const random = randomStream(4);
      let naive = 0;
      const clustered = share(nRepetitions, () => {
        const battles = ratings(random);
        const separate = battles.map(({ a, b, points, weight }): Battle => ({ a, b, points, weight }));
        if (covers(m0(separate, intervals), truth)) naive += 1;
        return covers(m0(battles, intervals), truth);
      });
      assert(clustered > 0.91 && clustered < 0.985, `${clustered}`);
      assert(naive / nRepetitions < clustered - 0.02, `${naive / nRepetitions}, ${clustered}`);
    });
  }
});

describe("tests keep their level", () => {
  it("by question; the sign test of single comparisons does not", () => {
    const random = randomStream(6);
    let naive = 0;
    const rejected = share(600, () => {
      const rows = moody(random, 60, 4);
      const wins = rows.filter(({ outcome }) => outcome === "win").length;
      if (signTest(wins, rows.length - wins) < 0.05) naive += 1;
      return winRate(rows).p < 0.05;
    });
    assert(rejected < 0.075, `${rejected}`);
    assert(naive / 600 > 0.1, `${naive / 600}`);
  });

  it("of equivalence: at the margin one in twenty is called equal, at 50 % most are", () => {
    const random = randomStream(7);
    const judged = (rate: number) => (): boolean => {
      const n = 6000;
      let wins = 0;
      for (let at = 0; at < n; at++) if (random() < rate) wins += 1;
      const estimate = wins / n;
      const variance = (estimate * (1 - estimate)) / n;
      return equivalenceTest({ estimate, variance, df: Infinity, nClusters: n }, 0.02) < 0.05;
    };
    const [atMargin, atHalf] = [share(600, judged(0.52)), share(300, judged(0.5))];
    assert(atMargin > 0.02 && atMargin < 0.08, `${atMargin}`);
    // By the normal approximation 85 %.
    assert(atHalf > 0.78 && atHalf < 0.92, `${atHalf}`);
  });

  it("by the normal approximation, too, where the exact sum would take long", () => {
    const clusters = (n: number, lead: number): readonly number[] => [
      ...Array.from({ length: n }, (_, at) => (2 * at < n + lead ? 1 : -1)),
      ...Array.from({ length: n }, (_, at) => (2 * at < n + lead ? 2 : -2)),
    ];
    const approximate = (n: number, lead: number): number => 2 * normalTail((3 * lead - 1) / Math.sqrt(5 * n));
    for (const lead of [40, 80, 120]) {
      // Exact at 3,000 of each size: the normal distribution's relative error there is below a hundredth.
      const [exact, close] = [clusteredSignTest(clusters(3000, lead)), approximate(3000, lead)];
      assert(Math.abs(exact / close - 1) < 0.01, `${exact} ${close}`);
      const [far, same] = [clusteredSignTest(clusters(9000, lead)), approximate(9000, lead)];
      assert(Math.abs(far / same - 1) < 1e-12, `${far} ${same}`);
    }
  });
});

describe("the numbers of questions that are asked for", () => {
  it("suffice in about 80 % of cases, by question", () => {
    const random = randomStream(8);
    const [turns, shift] = [3, 0.08];
    // A large sample tells the variance of one question.
    const pilot = moody(random, 20_000, turns, shift);
    const { adjusted, low, high } = winRate(pilot);
    const perQuestion = ((high - low) / 2 / 1.96) ** 2 * 20_000;
    const nQuestions = 30;
    const parts = { question: perQuestion / nQuestions, seed: 0, both: 0 };
    const { moreQuestions = NaN } = moreNeeded({ estimate: adjusted, nQuestions, nSeeds: 1, parts, alpha: 0.05 });
    const seen = share(400, () => winRate(moody(random, nQuestions + moreQuestions, turns, shift)).p < 0.05);
    // A share of 400 has a deviation of 2 %.
    assert(seen > 0.74 && seen < 0.87, `${seen} with ${moreQuestions} more`);
  });

  it("are none where the rate is a half, and seeds where seeds are what differs", () => {
    const known = { nQuestions: 100, nSeeds: 3, alpha: 0.05 };
    assert.deepEqual(moreNeeded({ ...known, estimate: 0.5, parts: { question: 1e-3, seed: 1e-3, both: 1e-3 } }), {});
    const bySeed = moreNeeded({ ...known, estimate: 0.55, parts: { question: 0, seed: 1e-3, both: 1e-4 } });
    assert.deepEqual(Object.keys(bySeed), ["moreSeeds"]);
    const byQuestion = moreNeeded({ ...known, estimate: 0.55, parts: { question: 2e-3, seed: 0, both: 1e-4 } });
    assert.deepEqual(Object.keys(byQuestion), ["moreQuestions"]);
  });

  it("for seeds, hold the t test's level and power", () => {
    const random = randomStream(9);
    const normal = normals(random);
    // Seeds' rates of 54 % with a deviation of 5 points; three of them do not decide it.
    const parts = { question: 0, seed: 0.05 ** 2 / 3, both: 0 };
    const { moreSeeds = NaN } = moreNeeded({ estimate: 0.54, nQuestions: 1000, nSeeds: 3, parts, alpha: 0.05 });
    const nSeeds = 3 + moreSeeds;
    const seen = share(400, () => {
      const rates = Array.from({ length: nSeeds }, () => 0.54 + 0.05 * normal());
      const rows = rates.flatMap((rate, seed) =>
        Array.from({ length: 100 }, (_, at): Comparison => {
          return { prompt: `${seed}/${at}`, seed, outcome: at < 100 * rate ? "win" : "loss" };
        }),
      );
      return winRate(rows).p < 0.05;
    });
    // The floor on the variance, which here has no share of the questions, costs some power.
    assert(seen > 0.7 && seen < 0.88, `${seen} with ${nSeeds} seeds`);
  });

  it("before judging are said in a sentence", () => {
    // 2.8016·0.5/√1,024 = 0.0438, a little less for the smaller variance away from a half; with half of the ties /√2.
    assert.match(
      powerText(1024),
      /^win rates over 1,024 prompts: a difference of 4\.4 points .* or of 3\.1 where half are/,
    );
  });
});
