import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { comparisonsOf } from "../../../engine/evaluation/fastchat/judgments.ts";
import { readPairJudgment } from "../../../engine/evaluation/fastchat/records.ts";
import { winRate } from "../../../engine/evaluation/winRates.ts";
import { BASELINE, MODELS, sampleJudgments } from "./judgments.ts";

type Row = Readonly<Record<"win" | "loss" | "tie" | "win_rate" | "loss_rate" | "win_rate_adjusted", number>>;
type Golden = Readonly<Record<"pairwise-baseline" | "pairwise-all", Readonly<Record<string, Row>>>>;

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
const golden = JSON.parse(read("golden.json")) as Golden;
/** It prints six digits. */
const PRINTED = 5e-7;

describe("FastChat's show_result", () => {
  const text = read("judgments.jsonl");
  const judgments = text
    .trim()
    .split("\n")
    .map((line) => readPairJudgment(JSON.parse(line)));

  it("was shown what a run writes", () => {
    assert.equal(text, sampleJudgments());
  });

  for (const model of MODELS) {
    it(`counts the games of ${model} as we do, to the same rates`, () => {
      const rate = winRate(comparisonsOf(judgments, model, BASELINE));
      const theirs = golden["pairwise-baseline"][model];
      assert.ok(theirs !== undefined);
      assert.deepEqual([rate.wins, rate.losses, rate.ties], [theirs.win, theirs.loss, theirs.tie]);
      assert.ok(rate.dropped > 0 && rate.ties > 0);
      assert.ok(Math.abs(rate.winRate - theirs.win_rate) < PRINTED);
      assert.ok(Math.abs(rate.losses / rate.n - theirs.loss_rate) < PRINTED);
      assert.ok(Math.abs(rate.adjusted - theirs.win_rate_adjusted) < PRINTED);
    });
  }

  it("counts the baseline's games as the mirror of all others", () => {
    const all = MODELS.map((model) => winRate(comparisonsOf(judgments, BASELINE, model)));
    const sum = (of: "wins" | "losses" | "ties"): number => all.reduce((total, one) => total + one[of], 0);
    const theirs = golden["pairwise-all"][BASELINE];
    assert.deepEqual([sum("wins"), sum("losses"), sum("ties")], [theirs?.win, theirs?.loss, theirs?.tie]);
  });
});
