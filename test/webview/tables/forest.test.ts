import assert from "node:assert/strict";
import type { WinRateRow } from "../../../engine/protocol/verdicts.ts";
import { forest, type ForestEntry } from "../../../webview/tables/forest.ts";
import { rateOf } from "./rows.ts";

describe("the layout of a forest plot", () => {
  it("has 50 % and all intervals inside, with ticks at round numbers", () => {
    const { left, right, reference, ticks, marks } = forest(
      [entry({ adjusted: 0.71, low: 0.69, high: 0.73 }), entry({ adjusted: 0.4, low: 0.37, high: 0.43 })],
      800,
    );
    assert.ok(reference > left && reference < right);
    for (const { low = NaN, x, high = NaN } of marks) assert.ok(left <= low && low < x && x < high && high <= right);
    assert.deepEqual(
      ticks.map(({ label }) => label),
      ["35 %", "40 %", "45 %", "50 %", "55 %", "60 %", "65 %", "70 %", "75 %"],
    );
    assert.equal(ticks.at(-1)?.x, right);
  });

  it("gives each pair a line under its benchmark, and further runs and seeds one close to it", () => {
    const { labels, marks } = forest(
      [entry(), entry({ seed: 1 }), entry({}, "soup vs ppo"), entry({}, "x vs y", "other")],
      800,
    );
    assert.deepEqual(
      labels.map(({ text }) => text),
      ["inDistribution", "salsa vs ppo", "soup vs ppo", "other", "x vs y"],
    );
    const [pooled, seed, soup] = marks;
    assert.equal(seed?.isSeed, true);
    assert.ok(pooled !== undefined && soup !== undefined && pooled.y < seed.y && seed.y < soup.y);
  });

  it("leaves out what does not exist", () => {
    const { marks } = forest([entry({ adjusted: null, low: null, high: null })], 800);
    assert.deepEqual(marks, []);
    const [mark] = forest([entry({ low: null, high: null })], 800).marks;
    assert.ok(mark !== undefined && !("low" in mark));
  });

  it("takes wider steps when rates are far apart", () => {
    const { ticks } = forest(
      [entry({ adjusted: 0.05, low: 0, high: 0.1 }), entry({ adjusted: 0.95, low: 0.9, high: 1 })],
      800,
    );
    assert.equal(ticks.length, 11);
  });
});

function entry(changes: Partial<WinRateRow> = {}, label = "salsa vs ppo", group = "inDistribution"): ForestEntry {
  return { label, group, row: rateOf(changes), run: 0 };
}
