import assert from "node:assert/strict";

import { type TableEntry, winRateTable } from "../../../../engine/evaluation/table.ts";
import { checksSheet } from "../../../../engine/evaluation/tables/checks.ts";
import { jsonTable, parseJsonTable } from "../../../../engine/evaluation/tables/json.ts";
import { ratingsNotes, ratingsSheet } from "../../../../engine/evaluation/tables/ratings.ts";
import type { Sheet } from "../../../../engine/evaluation/tables/sheet.ts";
import type { Comparison } from "../../../../engine/evaluation/winRates.ts";
import { comparisonsOf } from "../comparisons.ts";

const entry = (a: string, b: string, comparisons: readonly Comparison[]): TableEntry => ({
  ...{ benchmark: "in", a, b },
  comparisons,
});

/** The cells below a header. */
const columnOf = ({ columns, rows }: Sheet, header: string): unknown[] => {
  const at = columns.findIndex((column) => column.header === header);
  return rows.map((row) => row[at]);
};

const DECIDED = comparisonsOf({ win: 80, loss: 20, tie: 0, dropped: 0 });
const OPEN = comparisonsOf({ win: 27, loss: 23, tie: 50, dropped: 0 });

describe("the checks of a win-rate table", () => {
  it("say what is undecided, and how many more questions would decide it", () => {
    const sheet = checksSheet(winRateTable([entry("x", "y", DECIDED), entry("z", "y", OPEN)]));
    const [decided, open] = columnOf(sheet, "more to decide");
    assert.equal(decided, "–");
    // At 52 %, with the variance 12.46/99, at the level 0.05/2: (2.2414·√0.12626 + 0.8416·√0.12586)² / 0.02² = 2,998 in all.
    assert.equal(open, "2898 questions");
    assert.deepEqual(columnOf(sheet, "interval by"), ["question", "question"]);
    assert.deepEqual(columnOf(sheet, "questions"), ["100", "100"]);
  });

  it("show a judge that prefers the first seat, and one that prefers length", () => {
    const rows = Array.from({ length: 10 }, (_, at): Comparison => {
      const isFlip = at < 4;
      return {
        ...{ prompt: String(at), outcome: isFlip ? "tie" : "win", lengths: [at % 2 === 0 ? 12 : 8, 10] },
        games: isFlip ? ["a", "b"] : ["a", "a"],
      };
    });
    const sheet = checksSheet(winRateTable([entry("x", "y", rows)]));
    assert.deepEqual(columnOf(sheet, "flips %"), ["40.00"]);
    // Of 20 games, the first won 2 in each flip and 1 in each other pair.
    assert.deepEqual(columnOf(sheet, "first wins %"), ["70.00"]);
    assert.deepEqual(columnOf(sheet, "longer wins %"), ["50.00"]);
    assert.match(String(columnOf(sheet, "length-controlled %")[0]), /^7\d\.\d\d \(\d\d\.\d\d to \d\d\.\d\d\)$/);
  });

  it("have a column for style only where answers have some", () => {
    const rows = [...DECIDED, ...OPEN].map((row, at): Comparison => {
      const plain = { headers: 0, lists: 0, bold: 0 };
      return { ...row, prompt: String(at), lengths: [10 + (at % 3), 11], marks: [{ ...plain, bold: at % 2 }, plain] };
    });
    const headers = (of: readonly Comparison[]): string[] =>
      checksSheet(winRateTable([entry("x", "y", of)])).columns.map(({ header }) => header);
    assert.ok(headers(rows).includes("style-controlled %"));
    assert.ok(!headers(rows.map(({ marks: _, ...row }) => row)).includes("style-controlled %"));
  });

  it("of a table from an older version have no numbers, and are not made up", () => {
    const [row] = winRateTable([entry("x", "y", DECIDED)]);
    assert.ok(row !== undefined);
    const { method: _, nQuestions: __, equivalence: ___, ...old } = row;
    const sheet = checksSheet(parseJsonTable(jsonTable([old])));
    for (const header of ["interval by", "questions", "p (±2 points)"])
      assert.deepEqual(columnOf(sheet, header), ["–"]);
  });

  it("refuse an interval of a kind that nobody makes", () => {
    const text = jsonTable(winRateTable([entry("x", "y", DECIDED)])).replace('"question"', '"magic"');
    assert.throws(() => parseJsonTable(text), { message: 'read table: row 1: field method is "magic"' });
  });
});

describe("the ratings of all models at once", () => {
  it("are of each benchmark with three models or more, best first, the most frequent opponent at 1000", () => {
    const sheet = ratingsSheet([
      entry("x", "base", DECIDED),
      entry("y", "base", OPEN),
      { ...entry("x", "base", DECIDED), benchmark: "out" },
    ]);
    assert.deepEqual(columnOf(sheet, "model"), ["x", "y", "base"]);
    assert.deepEqual(columnOf(sheet, "benchmark"), ["in", "in", "in"]);
    // Odds of 4 to 1 are 400·log10(4) = 240.8 points, of 52 to 48 13.9.
    assert.deepEqual(columnOf(sheet, "rating"), ["1241", "1014", "1000"]);
    assert.match(String(columnOf(sheet, "95 % interval")[0]), /^1\d{3} to 1\d{3}$/);
  });

  it("say in words who has no number", () => {
    const sheet = ratingsSheet([
      entry("top", "base", comparisonsOf({ win: 5, loss: 0, tie: 0, dropped: 0 })),
      entry("y", "base", OPEN),
      entry("low", "base", comparisonsOf({ win: 0, loss: 5, tie: 0, dropped: 0 })),
      entry("lost", "alone", OPEN),
    ]);
    assert.deepEqual(columnOf(sheet, "model").slice(0, 4), ["top", "y", "base", "low"]);
    assert.deepEqual(columnOf(sheet, "rating"), ["unbeaten", "1014", "1000", "without a point", "–", "–"]);
  });

  it("say who has none and why, by benchmark: not joined, joined by what says nothing, or without a verdict", () => {
    const always = comparisonsOf({ win: 5, loss: 0, tie: 0, dropped: 0 });
    const entries = [
      entry("x", "base", OPEN),
      entry("lost", "alone", OPEN),
      entry("base", "weak", always),
      entry("other", "weak", always),
      entry("silent", "base", comparisonsOf({ win: 0, loss: 0, tie: 0, dropped: 5 })),
      { ...entry("x", "base", OPEN), benchmark: "out" },
      { ...entry("y", "base", OPEN), benchmark: "out" },
      { ...entry("a", "b", OPEN), benchmark: "two only" },
      { ...entry("c", "d", OPEN), benchmark: "two pairs" },
      { ...entry("e", "f", OPEN), benchmark: "two pairs" },
    ];
    assert.deepEqual(ratingsNotes(entries), [
      "On in without a rating against base: alone, lost; no comparison, nor a chain of them, joins the two.",
      "On in without a rating against base: other; those between them won or lost every comparison, which does not tell who is better.",
      "On in without a rating against base: silent; none of its comparisons has a verdict.",
      "On two pairs without a rating against d: e, f; no comparison, nor a chain of them, joins the two.",
    ]);
    const sheet = ratingsSheet(entries.slice(0, 5));
    const unrated = sheet.rows.filter(([, , rating]) => rating === "–").map(([, model]) => model);
    assert.deepEqual(unrated, ["alone", "lost", "other", "silent"]);
  });

  it("have a model with a verdict at 1000, though another has more pairs that were dropped", () => {
    const none = comparisonsOf({ win: 0, loss: 0, tie: 0, dropped: 5 });
    const sheet = ratingsSheet([entry("x", "silent", none), entry("y", "silent", none), entry("x", "y", OPEN)]);
    assert.deepEqual(columnOf(sheet, "rating"), ["1014", "1000", "–"]);
  });

  it("are by seed where there are several: what a seed's training did is one observation", () => {
    const seeds = [1, 2, 3].flatMap((seed) => OPEN.map((row): Comparison => ({ ...row, seed })));
    const width = (comparisons: readonly Comparison[]): number => {
      const sheet = ratingsSheet([entry("x", "base", comparisons), entry("y", "base", comparisons)]);
      const [low = NaN, high = NaN] = String(columnOf(sheet, "95 % interval")[0]).split(" to ").map(Number);
      return high - low;
    };
    // Seeds that agree to the last comparison leave no width, unlike their questions.
    assert.ok(Number.isNaN(width(seeds)) || width(seeds) < 2);
    assert.ok(width(OPEN) > 50);
  });
});
