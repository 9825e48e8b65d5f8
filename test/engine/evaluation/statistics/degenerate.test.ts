import assert from "node:assert/strict";
import fc from "fast-check";

import type { Outcome } from "../../../../engine/evaluation/judges/judge.ts";
import { cohenKappa, krippendorffAlpha } from "../../../../engine/evaluation/statistics/agreement.ts";
import { dependenceOf } from "../../../../engine/evaluation/statistics/clusters.ts";
import { lengthControlledRate } from "../../../../engine/evaluation/statistics/lengthControl.ts";
import { markdownOf } from "../../../../engine/evaluation/statistics/style.ts";
import { winRateTable } from "../../../../engine/evaluation/table.ts";
import { type Comparison, winRate } from "../../../../engine/evaluation/winRates.ts";
import { comparisonsOf } from "../comparisons.ts";

const alike = (outcome: Outcome, nPrompts: number, seeds: readonly number[]): readonly Comparison[] =>
  seeds.flatMap((seed) => Array.from({ length: nPrompts }, (_, at) => ({ prompt: String(at), seed, outcome })));

function near(actual: number | undefined, expected: number, tolerance = 1e-9): void {
  assert(Math.abs((actual ?? NaN) - expected) <= tolerance, `got ${actual}, expected ${expected}`);
}

const WINNERS = ["a", "b", "tie"] as const;

/** Outcomes, games, lengths and Markdown of some prompts and seeds. */
const comparisons = fc.array(
  fc.record({
    prompt: fc.constantFrom("p", "q", "r", "s"),
    seed: fc.nat(2),
    outcome: fc.constantFrom<Outcome>("win", "loss", "tie", "dropped"),
    games: fc.tuple(fc.constantFrom(...WINNERS), fc.constantFrom(...WINNERS)),
    lengths: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
    marks: fc.tuple(
      fc.record({ headers: fc.nat(1), lists: fc.nat(2), bold: fc.nat(1) }),
      fc.record({ headers: fc.nat(1), lists: fc.nat(2), bold: fc.nat(1) }),
    ),
  }),
  { minLength: 1, maxLength: 30 },
);

describe("comparisons that all end alike", () => {
  it("have an interval as narrow as 512 prompts make it, over one seed and over two", () => {
    for (const seeds of [[1], [1, 2]]) {
      const { low, high, p, method } = winRate(alike("tie", 512, seeds));
      // Half of 1 − 0.025^(1/512), to either side.
      near(low, 0.5 - (1 - 0.025 ** (1 / 512)) / 2);
      near(high, 0.5 + (1 - 0.025 ** (1 / 512)) / 2);
      assert.equal(low.toFixed(4), "0.4964");
      assert.deepEqual([p, method], [1, "alike"]);
    }
  });

  it("are won for sure when all are wins, also where seeds show no spread", () => {
    for (const seeds of [[1], [1, 2]]) {
      const { low, high, p } = winRate(alike("win", 20, seeds));
      near(low, 0.025 ** (1 / 20));
      assert.equal(high, 1);
      near(p, 2 ** -19, 1e-15);
    }
  });

  it("have no interval at equal length and style, where nothing shows how much it may be off", () => {
    const [plain, marked] = [
      { headers: 0, lists: 1, bold: 2 },
      { headers: 1, lists: 0, bold: 1 },
    ];
    for (const outcome of ["tie", "win"] as const) {
      const rows = alike(outcome, 8, [1]).map((row, at) => ({
        ...row,
        lengths: [10 + ((at * 7) % 13), 10 + ((at * 5) % 11)] as const,
        marks: at % 3 === 0 ? ([plain, marked] as const) : ([marked, plain] as const),
      }));
      const rate = winRate(rows);
      assert(rate.lengthControlled !== undefined && rate.styleControlled !== undefined);
      for (const end of ["lengthLow", "lengthHigh", "styleLow", "styleHigh"]) assert(!(end in rate), end);
      // One that ends otherwise shows some spread.
      const mixed = rows.map((row, at) => (at === 0 ? { ...row, outcome: "loss" as const } : row));
      assert("lengthLow" in winRate(mixed));
    }
  });

  it("are equal to two points once there are enough", () => {
    const equivalence = (n: number): number => winRate(alike("tie", n, [1])).equivalence ?? NaN;
    near(equivalence(50), 0.96 ** 50);
    assert(equivalence(74) < 0.05 && equivalence(73) > 0.05);
  });
});

describe("one question", () => {
  it("is as unsure as one question is, however often it was asked", () => {
    const rows = Array.from({ length: 40 }, (_, at): Comparison => ({
      prompt: "p",
      outcome: at < 30 ? "win" : "loss",
    }));
    const { low, high, p, method } = winRate(rows);
    assert(low < 0.05 && high > 0.95, `${low} ${high}`);
    near(p, 1);
    assert.equal(method, "alike");
  });

  it("in six wordings, forty times each, is six questions", () => {
    const rows = Array.from({ length: 240 }, (_, at): Comparison => {
      return { prompt: `wording ${at % 6}`, outcome: at % 6 === 0 ? "win" : "tie" };
    });
    const [often, once] = [winRate(rows), winRate(rows.slice(0, 6))];
    near(often.p, 1);
    near(often.low, once.low, 1e-12);
    near(often.high, once.high, 1e-12);
    near(often.nQuestions, 6);
  });
});

describe("what cannot be decided", () => {
  it("is absent: a rate at equal length where a's answers are always longer by the same", () => {
    const rows = comparisonsOf({ win: 5, loss: 3, tie: 2, dropped: 0 });
    const rate = winRate(rows.map((row) => ({ ...row, lengths: [12, 10] })));
    assert(!("lengthControlled" in rate));
    assert.equal(rate.longerWins, 5 / 8);
  });

  it("stays finite: all wins are the longer answer's, and all longer answers are a's", () => {
    const points = [1, 1, 1, 0, 0, 0];
    const lengths = points.map((one, at) => (one === 1 ? ([20 + at, 10] as const) : ([10, 20 + at] as const)));
    const dependence = dependenceOf(
      points.map((_, at) => String(at)),
      points.map(() => 0),
    );
    const rate = lengthControlledRate({ points, lengths, dependence });
    assert(rate !== undefined && [rate.estimate, rate.low, rate.high].every(Number.isFinite));
    near(rate.estimate, 0.5, 0.05);
  });

  it("is not a number: agreement where there is one verdict only, or nothing to compare", () => {
    assert(
      Number.isNaN(
        cohenKappa([
          ["a", "a"],
          ["a", "a"],
        ]).estimate,
      ),
    );
    assert(Number.isNaN(cohenKappa([]).estimate));
    assert(
      Number.isNaN(
        krippendorffAlpha(
          [
            [1, 1],
            [1, 1],
          ],
          "nominal",
        ),
      ),
    );
    assert(
      Number.isNaN(
        krippendorffAlpha(
          [
            [1, undefined],
            [undefined, 2],
          ],
          "ordinal",
        ),
      ),
    );
  });

  it("of no comparison leaves a line with nothing but counts", () => {
    const [row] = winRateTable([
      { benchmark: "in", a: "x", b: "y", comparisons: [{ prompt: "p", outcome: "dropped" }] },
    ]);
    assert(row !== undefined);
    assert.deepEqual([row.n, row.dropped, row.p, row.holm], [0, 1, 1, 1]);
    for (const name of ["method", "equivalence", "moreQuestions", "flipRate"] as const) assert(!(name in row), name);
  });
});

describe("every number of a row", () => {
  it("is a probability where it is one, and stays when the sides change places", () => {
    const flip = { a: "b", b: "a", tie: "tie" } as const;
    const ends = { win: "loss", loss: "win", tie: "tie", dropped: "dropped" } as const;
    fc.assert(
      fc.property(comparisons, (drawn) => {
        const one = winRate(drawn);
        const other = winRate(
          drawn.map(({ prompt, seed, outcome, games: [first, second], lengths, marks }): Comparison => {
            return {
              ...{ prompt: `${prompt}'`, seed: 7 - seed, outcome: ends[outcome] },
              // In the swapped pair's first game, the one shown first is what was b.
              games: [flip[second], flip[first]],
              lengths: [lengths[1], lengths[0]],
              marks: [marks[1], marks[0]],
            };
          }),
        );
        if (one.n === 0) return;
        for (const name of ["flipRate", "positionBias", "longerWins", "equivalence", "p"] as const) {
          const [value, mirrored] = [one[name], other[name]];
          if (value === undefined) assert.equal(mirrored, undefined, name);
          else {
            assert(value >= 0 && value <= 1, `${name} ${value}`);
            near(mirrored, value, 1e-9);
          }
        }
        for (const name of ["lengthControlled", "styleControlled"] as const) {
          const [value, mirrored] = [one[name], other[name]];
          if (value === undefined) assert.equal(mirrored, undefined, name);
          else near(mirrored, 1 - value, 1e-8);
        }
        near(other.lengthLow ?? 0, 1 - (one.lengthHigh ?? 1), 1e-8);
      }),
    );
  });
});

describe("counting Markdown", () => {
  it("is linear in hostile text", () => {
    const texts = [
      "\n".repeat(400_000),
      "```".repeat(150_000),
      "**a".repeat(150_000),
      "__".repeat(200_000),
      " ".repeat(400_000),
    ];
    const start = process.cpuUsage();
    for (const text of texts) markdownOf(text);
    const { user, system } = process.cpuUsage(start);
    // A quadratic pattern takes minutes.
    assert(user + system < 3e6, `${(user + system) / 1e6} s`);
  });
});
