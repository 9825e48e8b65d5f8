import assert from "node:assert/strict";
import {
  type ArenaJudgment,
  arenaComparison,
  arenaRecord,
  arenaScoreIn,
  arenaScoreOf,
  isArenaJudgment,
  readArenaJudgment,
} from "../../../../engine/evaluation/interchange/arenaJudgments.ts";
import { arenaLeaderboard } from "../../../../engine/evaluation/interchange/arenaLeaderboard.ts";

const JUDGMENT: ArenaJudgment = {
  questionId: "0122",
  model: "salsa",
  baseline: "gpt-4-0314",
  judge: "gpt-4-1106-preview",
  scores: ["B>>A", "A>B"],
  judgments: ["Mine. [[B>>A]]", "Mine again. [[A>B]]"],
  prompts: ["p1", "p2"],
};

describe("judgments of Arena-Hard", () => {
  it("come back from both forms as they were written", () => {
    for (const form of ["before", "since"] as const) {
      const record: unknown = JSON.parse(JSON.stringify(arenaRecord(JUDGMENT, form)));
      assert.ok(isArenaJudgment(record));
      assert.deepEqual(readArenaJudgment(record), JUDGMENT);
    }
  });

  it("are of the model against its baseline, which sits in seat A first", () => {
    assert.deepEqual(arenaComparison(JUDGMENT), { prompt: "0122", outcome: "win", games: ["a", "a"] });
    const outcome = (...scores: ArenaJudgment["scores"]): string => arenaComparison({ ...JUDGMENT, scores }).outcome;
    assert.deepEqual(
      [outcome("A>B", "B>A"), outcome("A>B", "A>B"), outcome("A=B", "A=B"), outcome(null, "A>B")],
      ["loss", "tie", "tie", "dropped"],
    );
  });

  it("may have games without a verdict, and labels that are turned around since April 2025", () => {
    const since = {
      ...arenaRecord(JUDGMENT, "since"),
      games: [null, { score: "B<A", judgment: { answer: "x" }, prompt: [] }],
    };
    assert.deepEqual(readArenaJudgment(since).scores, [null, "A>B"]);
    const before = { question_id: "1", model: "m", judge: "j", games: [{ score: "B<A" }, { score: null }] };
    assert.deepEqual(readArenaJudgment(before).scores, [null, null]);
    assert.throws(() => readArenaJudgment({ ...before, games: [] }), /games must be two games/);
    assert.throws(() => readArenaJudgment({ ...before, model: 1 }), /field model must be text/);
  });

  it("take their labels from replies, and from winners where those have none", () => {
    assert.equal(arenaScoreIn("[[A>B]] at first, but [[B>>A]]"), "B>>A");
    assert.equal(arenaScoreIn("[[A]]"), undefined);
    assert.deepEqual(
      [arenaScoreOf("a", "a"), arenaScoreOf("a", "b"), arenaScoreOf("tie", "a"), arenaScoreOf("error", "a")],
      ["A>B", "B>A", "A=B", null],
    );
  });
});

describe("Arena-Hard's leaderboard", () => {
  const judgments = (model: string, ...all: readonly ArenaJudgment["scores"][]): ArenaJudgment[] =>
    all.map((scores, at) => ({ ...JUDGMENT, questionId: at, model, scores }));

  it("is the mean of points by hand, strong verdicts three times, whole judgments only", () => {
    // 3 wins and a tie; a loss and a win; the last one is left out: (3 + ½ + 0 + 1) / 6.
    const all = judgments("m", ["B>>A", "A=B"], ["A>B", "A>B"], ["B>A", null]);
    assert.deepEqual(arenaLeaderboard(all, "since"), [
      { model: "m", score: 4.5 / 6, n: 2 },
      { model: "gpt-4-0314", score: 0.5, n: 0 },
    ]);
  });

  it("is of one model its share of battles by Bradley–Terry, of which each counts by itself", () => {
    const all = judgments("m", ["B>>A", "A=B"], ["A>B", "A>B"], ["B>A", null]);
    const [line] = arenaLeaderboard(all, "before");
    assert.equal(line?.score.toFixed(6), (5.5 / 7).toFixed(6));
    assert.equal(line.n, 3);
  });
});
