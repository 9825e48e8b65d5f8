import assert from "node:assert/strict";

import { RecordError } from "../../../../engine/evaluation/fastchat/fields.ts";
import { comparisonsOf, pairJudgment } from "../../../../engine/evaluation/fastchat/judgments.ts";
import {
  type PairJudgment,
  readAnswer,
  readPairJudgment,
  recordLine,
  sourcedJudgment,
} from "../../../../engine/evaluation/fastchat/records.ts";

const answer = {
  question_id: 81,
  answer_id: "x1",
  model_id: "salsa",
  choices: [{ index: 0, turns: ["4", "8"] }],
  tstamp: 1700000000.5,
};
const judgment: PairJudgment = {
  question_id: 81,
  model_1: "salsa",
  model_2: "ppo",
  g1_winner: "model_1",
  g2_winner: "model_1",
  judge: ["gpt-4", "pair-v2"],
  g1_user_prompt: "p1",
  g1_judgment: "[[A]]",
  g2_user_prompt: "p2",
  g2_judgment: "[[B]]",
  turn: 1,
  tstamp: 1700000001,
};

describe("FastChat's files", () => {
  it("come back as they were written", () => {
    assert.deepEqual(readAnswer(JSON.parse(recordLine(answer))), answer);
    assert.deepEqual(readPairJudgment(JSON.parse(recordLine(judgment))), judgment);
  });

  it("are refused with the record, the field and what it holds", () => {
    const refusals: readonly (readonly [() => unknown, string])[] = [
      [
        () => readAnswer({ ...answer, choices: [{ index: 0, turns: "Hi" }] }),
        'read answer choice: field turns must be a list of texts, got "Hi"',
      ],
      [() => readAnswer({ ...answer, model_id: 3 }), "read answer: field model_id must be text, got 3"],
      [
        () => readPairJudgment({ ...judgment, g1_winner: "A" }),
        'read pair judgment: field g1_winner must be one of model_1, model_2, tie, error, got "A"',
      ],
      [() => readAnswer([]), "read answer: expected an object, got []"],
    ];
    for (const [read, message] of refusals) assert.throws(read, new RecordError(message));
  });
});

describe("pair judgments", () => {
  const records: readonly PairJudgment[] = [
    judgment,
    { ...judgment, turn: 2, g2_winner: "tie" },
    { ...judgment, question_id: 82, model_1: "ppo", model_2: "salsa" },
    { ...judgment, question_id: 83, g1_winner: "error" },
    { ...judgment, question_id: 84, model_2: "sft" },
  ];

  it("become comparisons seen from the side asked for, clustered by question", () => {
    const rows = comparisonsOf(records, "salsa", "ppo");
    assert.deepEqual(
      rows.map(({ prompt, outcome }) => [prompt, outcome]),
      [
        ["81", "win"],
        ["81", "tie"],
        ["82", "loss"],
        ["83", "dropped"],
      ],
    );
    assert.deepEqual(rows[2]?.games, ["b", "b"]);
  });

  it("of several benchmarks and seeds have ids of their own, and are read by FastChat's readers", () => {
    const [mine, other] = ["mine", "other"].map((benchmark) => sourcedJudgment(judgment, { benchmark }));
    assert.deepEqual([mine?.question_id, other?.question_id], ["mine/81", "other/81"]);
    assert.equal(mine?.benchmark, "mine");
    const second = sourcedJudgment(judgment, { benchmark: "mine", seed: 2 });
    assert.deepEqual([second.question_id, second.seed], ["seed-2/mine/81", 2]);
    const read = readPairJudgment(JSON.parse(recordLine(second)));
    assert.deepEqual(read, { ...judgment, question_id: "seed-2/mine/81" });
  });

  it("are written from verdicts as FastChat writes them", () => {
    const verdict = {
      outcome: "win",
      games: [
        { winner: "a", userPrompt: "p1", judgment: "[[A]]" },
        { winner: "a", userPrompt: "p2", judgment: "[[B]]" },
      ],
    } as const;
    assert.deepEqual(pairJudgment(verdict, judgment), judgment);
  });
});
