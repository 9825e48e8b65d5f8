import assert from "node:assert/strict";
import type { WinRateRow } from "../../../engine/protocol/service.ts";
import { tablesText } from "../../../extension/tools/tablesText.ts";
import { summary } from "../commands/summaries.ts";

const row: WinRateRow = {
  benchmark: "inDistribution",
  a: "salsa",
  b: "ppo",
  seed: "all",
  wins: 264,
  losses: 101,
  ties: 659,
  dropped: 0,
  n: 1024,
  winRate: 264 / 1024,
  adjusted: (264 + 659 / 2) / 1024,
  low: 0.5619,
  high: 0.5971,
  p: 1e-9,
  holm: 0.0123456,
  nSeeds: 4,
};

describe("tables for a language model", () => {
  it("have win rates with interval, n, p and seeds, and what they mean", () => {
    const text = tablesText(summary("demo-1"), [row], []);
    assert.ok(
      text.includes(
        "| inDistribution | salsa | ppo | all | 4 | 264 | 101 | 659 | 1024 | 25.78 % | 57.96 % | 56.19 to 59.71 % | <0.0001 | 0.01235 |",
      ),
      text,
    );
    assert.match(text, /p \(Holm\) is corrected/);
  });

  it("have a dash for a number that does not exist", () => {
    const empty = { ...row, n: 0, winRate: null, adjusted: null, low: null, high: null, p: null, holm: null };
    assert.match(tablesText(summary("demo-1"), [empty], []), /\| 0 \| – \| – \| – \| – \| – \|/);
  });

  it("have the other tables as the engine writes them", () => {
    const text = tablesText(summary("demo-1"), [], [{ name: "scores", markdown: "| model |\n| --- |\n| ppo |\n" }]);
    assert.equal(text, "Table scores of demo-1\n\n| model |\n| --- |\n| ppo |");
  });

  it("say why there are none yet", () => {
    const text = tablesText(summary("demo-1", { status: "running" }), [], []);
    assert.equal(text, "demo-1 has no tables yet: it is running, and tables are made at a run's end.");
  });
});
