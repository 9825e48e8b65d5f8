import assert from "node:assert/strict";

import {
  type Battle,
  bootstrapRatings,
  bradleyTerry,
  expectedWinRate,
} from "../../../engine/evaluation/bradleyTerry.ts";
import { lengthControlledRate } from "../../../engine/evaluation/lengthControl.ts";
import { randomStream } from "../../../engine/evaluation/random.ts";
import type { Comparison } from "../../../engine/evaluation/winRates.ts";

const battle = (a: string, b: string, points: number, weight = 1): Battle => ({ a, b, points, weight });

function near(actual: number | undefined, expected: number, tolerance: number): void {
  assert(Math.abs((actual ?? NaN) - expected) <= tolerance, `got ${actual}, expected ${expected} ± ${tolerance}`);
}

describe("bradleyTerry", () => {
  it("puts a model that wins ten times as often 400 points higher", () => {
    const battles = [...Array.from({ length: 10 }, () => battle("x", "base", 1)), battle("base", "x", 1)];
    const ratings = bradleyTerry(battles, "base");
    assert.equal(ratings.get("base"), 1000);
    // The ridge of 1e-6 on log-odds moves a rating by less than 1e-3 points.
    near(ratings.get("x"), 1400, 1e-3);
    near(expectedWinRate(1400, 1000), 10 / 11, 1e-12);
  });

  it("takes a tie for half a win, and weight 3 for three games", () => {
    near(bradleyTerry([battle("x", "y", 0.5)], "y").get("x"), 1000, 1e-9);
    const weighted = bradleyTerry([battle("x", "y", 1, 3), battle("x", "y", 0)], "y");
    near(weighted.get("x"), 1000 + 400 * Math.log10(3), 1e-3);
  });

  it("orders models that never met", () => {
    const chain = [battle("x", "y", 1, 3), battle("x", "y", 0), battle("y", "z", 1, 2), battle("y", "z", 0)];
    const ratings = bradleyTerry(chain, "y");
    near((ratings.get("x") ?? NaN) - (ratings.get("z") ?? NaN), 400 * Math.log10(6), 1e-2);
  });

  it("keeps an unbeaten model finite", () => {
    const rating = bradleyTerry([battle("x", "y", 1)], "y").get("x") ?? NaN;
    assert(Number.isFinite(rating) && rating > 1400);
  });

  it("has bootstrap intervals around its ratings, the same for the same seed", () => {
    const random = randomStream(1);
    const questions = Array.from({ length: 100 }, () => {
      const game = battle("x", "y", random() < 0.7 ? 1 : 0);
      return [game, game];
    });
    const settings = { nResamples: 50, seed: 2 };
    const interval = bootstrapRatings(questions, "y", settings).get("x");
    assert(interval && interval.low < interval.estimate && interval.estimate < interval.high);
    assert.deepEqual(bootstrapRatings(questions, "y", settings).get("x"), interval);
  });
});

describe("lengthControlledRate", () => {
  const rows = (count: number, outcome: Comparison["outcome"], gap: number): Comparison[] =>
    Array.from({ length: count }, (_, at) => ({ prompt: String(at), outcome, lengths: [20 + gap, 20] }));

  it("is a half when only length decides", () => {
    // a is longer three times in four, and the longer answer wins nine times in ten, no matter whose it is.
    const judged = [...rows(27, "win", 5), ...rows(3, "loss", 5), ...rows(9, "loss", -5), ...rows(1, "win", -5)];
    // The ridge of 0.1 among 40 comparisons moves the rate by about a hundredth.
    near(lengthControlledRate(judged), 0.5, 0.02);
  });

  it("is near the plain rate when length does not matter", () => {
    const judged = [...rows(14, "win", 5), ...rows(6, "loss", 5), ...rows(14, "win", -5), ...rows(6, "loss", -5)];
    near(lengthControlledRate(judged), 0.7, 0.01);
  });

  it("is the adjusted rate when all answers are equally long, and absent without lengths", () => {
    near(lengthControlledRate([...rows(2, "win", 0), ...rows(2, "tie", 0)]), 0.75, 1e-12);
    assert.equal(lengthControlledRate([{ prompt: "p", outcome: "win" }]), undefined);
  });
});
