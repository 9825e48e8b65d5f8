import assert from "node:assert/strict";
import type { TableRow } from "../../../../engine/evaluation/table.ts";
import { verdicts } from "../../../../engine/pipeline/report/verdicts.ts";

const ROW: TableRow = {
  benchmark: "inDistribution",
  a: "salsa",
  b: "ppo",
  seed: "all",
  wins: 264,
  losses: 101,
  ties: 659,
  dropped: 0,
  n: 1024,
  winRate: 0.2578,
  adjusted: 0.5796,
  low: 0.5619,
  high: 0.5971,
  p: 1e-9,
  holm: 6e-9,
  nSeeds: 1,
};

const verdict = (changes: Partial<TableRow>): string | undefined => verdicts([{ ...ROW, ...changes }])[0];

describe("the sentence on a pair", () => {
  it("says who beats whom, by how much, how surely and on what", () => {
    assert.equal(
      verdict({}),
      "**salsa** beats **ppo** in distribution: 58.0 % (56.2 to 59.7), n = 1,024, one seed; Holm p < 0.0001.",
    );
    assert.equal(
      verdict({ benchmark: "mtBench", adjusted: 0.42, low: 0.4, high: 0.44, holm: 0.0123, nSeeds: 4, dropped: 3 }),
      "**salsa** loses to **ppo** on mtBench: 42.0 % (40.0 to 44.0), n = 1,024, 4 seeds, 3 dropped; Holm p = 0.012.",
    );
  });

  it("does not tell apart what the interval does not", () => {
    assert.equal(
      verdict({ adjusted: 0.51, low: 0.48, high: 0.54, p: 0.4, holm: 0.8 }),
      "**salsa** and **ppo** cannot be told apart in distribution: 51.0 % (48.0 to 54.0), n = 1,024, one seed; Holm p = 0.8.",
    );
  });

  it("does not tell apart what only one comparison among many does", () => {
    assert.match(
      verdict({ adjusted: 0.53, low: 0.505, high: 0.555, p: 0.02, holm: 0.12 }) ?? "",
      /cannot be told apart .*Holm p = 0\.12; alone it would be \(p = 0\.02\), among 1 it is not\.$/,
    );
  });

  it("says where no difference matters, and what would decide the pair", () => {
    const open = { adjusted: 0.505, low: 0.49, high: 0.52, p: 0.5, holm: 0.5, equivalence: 0.012 };
    assert.match(
      verdict({ ...open, moreQuestions: 12_345 }) ?? "",
      /; Holm p = 0\.5\. There is no difference larger than 2 points \(p = 0\.012, two one-sided tests\)\. If this is the true rate, about 12,345 more prompts would decide it\.$/,
    );
    assert.match(
      verdict({ ...open, equivalence: 0.3, moreQuestions: 900, moreSeeds: 1 }) ?? "",
      /Holm p = 0\.5\. If this is the true rate, about 900 more prompts or 1 more base seed would decide it\.$/,
    );
  });

  it("is one for each pair over all seeds, not for single seeds", () => {
    assert.equal(verdicts([{ ...ROW, seed: 1 }, { ...ROW, seed: 2 }, ROW]).length, 1);
  });

  it("says when nothing could be compared", () => {
    assert.equal(
      verdict({ n: 0, dropped: 12, adjusted: NaN, low: NaN, high: NaN }),
      "**salsa** and **ppo** were not compared in distribution: no comparison of 12 could be counted.",
    );
  });
});
