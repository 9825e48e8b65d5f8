import assert from "node:assert/strict";
import { RecordError } from "../../../../engine/evaluation/fastchat/fields.ts";
import { readAnswer } from "../../../../engine/evaluation/fastchat/records.ts";
import { ANSWER_FORMATS, readModelAnswer } from "../../../../engine/evaluation/interchange/answers.ts";

const ANSWER = {
  questionId: "a1",
  model: "salsa",
  turns: ["One", "Two"],
  said: ["Ask one", "Ask two"],
  answerId: "x",
  nTokens: 4,
};

/** Answers as their tools publish them. */
const PUBLISHED: readonly (readonly [string, object, object])[] = [
  [
    "fastchat",
    {
      ...{ question_id: 101, answer_id: "TFomie", model_id: "gpt-4", tstamp: 1686286924.8 },
      choices: [{ index: 0, turns: ["a", "b"] }],
    },
    { questionId: 101, model: "gpt-4", turns: ["a", "b"] },
  ],
  [
    "arena-hard-before",
    {
      ...{ question_id: "0122", answer_id: "ndKL", model_id: "gpt-4-0314", tstamp: 1711397106.2 },
      choices: [{ index: 0, turns: [{ content: "a", token_len: 3 }] }],
      conv_metadata: { token_len: 3 },
    },
    { questionId: "0122", model: "gpt-4-0314", turns: ["a"] },
  ],
  [
    "arena-hard",
    {
      ...{ uid: "0122", ans_id: "ndKL", model: "gpt-4-0314", tstamp: 1711397106.2 },
      messages: [
        { content: "q", role: "user" },
        { content: { answer: "a" }, role: "assistant" },
      ],
    },
    { questionId: "0122", model: "gpt-4-0314", turns: ["a"] },
  ],
  [
    "alpaca-eval",
    { dataset: "koala", instruction: "q", output: "a", generator: "gpt-3.5" },
    { model: "gpt-3.5", turns: ["a"], instruction: "q" },
  ],
  ["generated", { messages: [{ role: "user", content: "q" }], response: "a" }, { turns: ["a"], instruction: "q" }],
];

describe("answers of other tools", () => {
  for (const [name, published, read] of PUBLISHED) {
    it(`of ${name} are recognized by their fields, and read`, () => {
      assert.deepEqual(
        ANSWER_FORMATS.filter(({ fits }) => fits({ ...published })).map((one) => one.name),
        [name],
      );
      assert.deepEqual(readModelAnswer(published), read);
    });
  }

  for (const { name, write } of ANSWER_FORMATS) {
    if (write === undefined) continue;
    it(`of ${name} come back as they were written`, () => {
      const record: unknown = JSON.parse(JSON.stringify(write(ANSWER)));
      const { questionId, model, turns } = readModelAnswer(record);
      const isAlpaca = name === "alpaca-eval";
      assert.deepEqual(
        [questionId, model, turns],
        [isAlpaca ? undefined : "a1", "salsa", isAlpaca ? ["One"] : ANSWER.turns],
      );
      if (name === "fastchat") assert.deepEqual(readAnswer(record).answer_id, "x");
    });
  }

  it("are refused where they are empty or in no form, with what is wrong", () => {
    const empty = {
      question_id: 1,
      answer_id: "x",
      model_id: "m",
      choices: [{ index: 0, turns: ["a", " "] }],
      tstamp: 1,
    };
    const refusals: readonly (readonly [unknown, RegExp])[] = [
      [empty, /the answer to 1 is empty/],
      [{ ...empty, choices: [] }, /the answer to 1 is empty/],
      [{ ...empty, model_id: 3 }, /field model_id must be text, got 3/],
      [
        { uid: "a", model: "m", messages: [{ role: "user", content: "q" }] },
        /messages must be a conversation with an answer/,
      ],
      [{ prompt: "a" }, /in no form that is known/],
      [{ response: "a" }, /messages must be a list/],
      [{ messages: [{ role: "robot", content: "q" }], response: "a" }, /role must be one of system, .*got "robot"/],
      ["a", /expected an object, got "a"/],
    ];
    for (const [value, message] of refusals) {
      assert.throws(
        () => readModelAnswer(value),
        (error: unknown) => error instanceof RecordError && message.test(error.message),
      );
    }
  });
});
