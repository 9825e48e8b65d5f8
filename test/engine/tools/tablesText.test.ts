import assert from "node:assert/strict";
import type { WinRateRow } from "../../../engine/protocol/verdicts.ts";
import { tablesText } from "../../../engine/tools/tablesText.ts";
import { summary } from "../../extension/commands/summaries.ts";

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

const budget = { tokens: 6000, count: (text: string) => Promise.resolve(text.length / 2.5) };

describe("tables for a language model", () => {
  it("have win rates with interval, n, p and seeds, and what they mean", async () => {
    const text = await tablesText(summary("demo-1"), [row], [], budget);
    assert.ok(
      text.includes(
        "| inDistribution | salsa | ppo | all | 4 | 264 | 101 | 659 | 1024 | 25.78 % | 57.96 % | 56.19 to 59.71 % | <0.0001 | 0.01235 |",
      ),
      text,
    );
    assert.match(text, /p \(Holm\) is corrected/);
  });

  it("have a dash for a number that does not exist", async () => {
    const empty = { ...row, n: 0, winRate: null, adjusted: null, low: null, high: null, p: null, holm: null };
    assert.match(await tablesText(summary("demo-1"), [empty], [], budget), /\| 0 \| – \| – \| – \| – \| – \|/);
  });

  it("have the other tables as the engine writes them", async () => {
    const text = await tablesText(
      summary("demo-1"),
      [],
      [{ name: "scores", markdown: "| model |\n| --- |\n| ppo |\n" }],
      budget,
    );
    assert.equal(text, "Table scores of demo-1\n\n| model |\n| --- |\n| ppo |");
  });

  it("say why there are none yet", async () => {
    const text = await tablesText(summary("demo-1", { status: "running" }), [], [], budget);
    assert.equal(text, "demo-1 has no tables yet: it is running, and tables are made at a run's end.");
  });

  it("leave out rows of single seeds first, then others, where they do not fit", async () => {
    const seeds = [1, 2, 3, 4].map((seed) => ({ ...row, seed }));
    const rows = [row, ...seeds, { ...row, b: "sft-1" }];
    const asked = async (tokens: number): Promise<string> =>
      tablesText(summary("demo-1"), rows, [], { ...budget, tokens });
    assert.match(await asked(450), /4 rows of single seeds do not fit/);
    assert.match(await asked(270), /b ppo, .*\n\n1 more rows and tables do not fit/);
  });
});
