import assert from "node:assert/strict";
import fc from "fast-check";

import type { Battle } from "../../../../engine/evaluation/statistics/battles.ts";
import { bradleyTerry, expectedWinRate, type Rating } from "../../../../engine/evaluation/statistics/bradleyTerry.ts";
import { randomStream } from "../../../../engine/evaluation/statistics/random.ts";

const battle = (a: string, b: string, points: number, weight = 1, question?: string): Battle => ({
  ...{ a, b, points, weight },
  ...(question !== undefined && { question }),
});

const rating = (battles: readonly Battle[], anchor: string, model: string): number =>
  bradleyTerry(battles, anchor).get(model)?.estimate ?? NaN;

function near(actual: number | undefined, expected: number, tolerance: number): void {
  assert(Math.abs((actual ?? NaN) - expected) <= tolerance, `got ${actual}, expected ${expected} ± ${tolerance}`);
}

/** Battles of three models on some questions, drawn from given strengths. */
function league(seed: number, nQuestions: number): readonly Battle[] {
  const random = randomStream(seed);
  const strength = { x: 0.6, y: 0, z: -0.5 };
  const pairs = [
    ["x", "y"],
    ["y", "z"],
    ["x", "z"],
  ] as const;
  return Array.from({ length: nQuestions }, (_, question) =>
    pairs.map(([a, b]) => {
      const wins = random() < 1 / (1 + Math.exp(strength[b] - strength[a]));
      return battle(a, b, wins ? 1 : 0, 1, String(question));
    }),
  ).flat();
}

describe("Bradley–Terry ratings", () => {
  it("put a model that wins ten times as often 400 points higher", () => {
    const battles = [...Array.from({ length: 10 }, () => battle("x", "base", 1)), battle("base", "x", 1)];
    assert.equal(rating(battles, "base", "base"), 1000);
    // The ridge of 1e-6 on log-odds moves a rating by less than 1e-3 points.
    near(rating(battles, "base", "x"), 1400, 1e-3);
    near(expectedWinRate(1400, 1000), 10 / 11, 1e-12);
  });

  it("take a tie for half a win, and weight 3 for three games", () => {
    near(rating([battle("x", "y", 0.5)], "y", "x"), 1000, 1e-9);
    const weighted = [battle("x", "y", 1, 3), battle("x", "y", 0)];
    near(rating(weighted, "y", "x"), 1000 + 400 * Math.log10(3), 1e-3);
  });

  it("order models that never met", () => {
    const chain = [battle("x", "y", 1, 3), battle("x", "y", 0), battle("y", "z", 1, 2), battle("y", "z", 0)];
    near(rating(chain, "y", "x") - rating(chain, "y", "z"), 400 * Math.log10(6), 1e-2);
  });

  it("know no number for who is unbeaten, beaten always, or not connected", () => {
    const battles = [
      ...[
        battle("x", "y", 1),
        battle("x", "y", 0),
        battle("top", "x", 1),
        battle("z", "low", 1),
        battle("y", "low", 1),
      ],
      ...[battle("other", "island", 1), battle("other", "island", 0)],
    ];
    const ratings = bradleyTerry(battles, "y");
    const standing = (model: string): Rating["standing"] | undefined => ratings.get(model)?.standing;
    assert.deepEqual(["x", "top", "low", "island"].map(standing), ["rated", "above", "below", "apart"]);
    // z has beaten who lost to y, which says nothing about z and y.
    assert.equal(standing("z"), "apart");
    assert.equal(ratings.get("top")?.estimate, Infinity);
    assert.equal(ratings.get("low")?.estimate, -Infinity);
    assert(Number.isNaN(ratings.get("island")?.estimate));
    // A model above all bounds says nothing about the others.
    near(ratings.get("x")?.estimate, 1000, 1e-9);
  });

  it("of no battle are the anchor's alone", () => {
    assert.deepEqual([...bradleyTerry([], "y").keys()], ["y"]);
  });

  it("do not depend on names, on the order of battles, or on who is named first", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (seed) => {
        const battles = league(seed, 20);
        const one = bradleyTerry(battles, "y").get("x");
        const renamed: Readonly<Record<string, string>> = { x: "a", y: "c", z: "b" };
        const turned = battles.map(({ a, b, points, weight, question = "" }) =>
          battle(renamed[b] ?? "", renamed[a] ?? "", 1 - points, weight, `q${question}`),
        );
        const other = bradleyTerry(turned.toReversed(), "c").get("a");
        assert.equal(other?.standing, one?.standing);
        if (one?.standing !== "rated") return;
        near(other?.estimate, one.estimate, 1e-6);
        near(other?.low, one.low, 1e-6);
      }),
      { numRuns: 30 },
    );
  });
});

describe("intervals of ratings", () => {
  it("are not narrower for a question that was asked twice", () => {
    const battles = league(3, 60);
    const [once, twice] = [bradleyTerry(battles, "y"), bradleyTerry([...battles, ...battles], "y")];
    // The ridge weighs half as much.
    near(twice.get("x")?.low, once.get("x")?.low ?? NaN, 1e-3);
    const apart = bradleyTerry([...battles, ...battles.map((one) => ({ ...one, question: `${one.question}'` }))], "y");
    assert((apart.get("x")?.low ?? NaN) > (once.get("x")?.low ?? NaN) + 10);
  });

  it("by the bootstrap agree with the sandwich, and are the same for the same seed", () => {
    const battles = league(4, 300);
    const bootstrap = (seed: number): Rating | undefined =>
      bradleyTerry(battles, "y", { method: "bootstrap", nDraws: 2000, seed }).get("x");
    const [sandwich, drawn] = [bradleyTerry(battles, "y").get("x"), bootstrap(2)];
    // Of 2,000 draws an end has a deviation of some 1.2 points at a standard error of 20.
    near(drawn?.low, sandwich?.low ?? NaN, 5);
    near(drawn?.high, sandwich?.high ?? NaN, 5);
    assert.deepEqual(bootstrap(2), drawn);
    assert.notDeepEqual(bootstrap(3), drawn);
  });

  it("by the bootstrap agree also where questions of a kind are drawn together", () => {
    const battles = [...Array(400).keys()].map((at) => battle("x", "y", at % 8 < 5 ? 1 : 0));
    const sandwich = bradleyTerry(battles, "y").get("x");
    const drawn = bradleyTerry(battles, "y", { method: "bootstrap", nDraws: 4000, seed: 1 }).get("x");
    near(drawn?.low, sandwich?.low ?? NaN, 5);
    near(drawn?.high, sandwich?.high ?? NaN, 5);
  });
});
