import assert from "node:assert/strict";
import { askedTurn, passesOf } from "../../../engine/pipeline/turns.ts";
import { questionText } from "../../../engine/protocol/conversation.ts";
import { PromptFormat } from "../../../engine/text/index.ts";
import { taskTokenizer } from "../../../engine/pipeline/corpus.ts";
import { miniInstruct } from "./ownData.ts";

const question = (category: string, ...turns: readonly string[]) => {
  const [prompt = "", ...followUps] = turns;
  return { prompt, category, followUps };
};
const QUESTIONS = [
  question("writing", "w1", "w2"),
  question("math", "m1", "m2"),
  question("writing", "v1"),
  question("coding", "c1", "c2"),
];

describe("answering questions of several turns", () => {
  it("goes turn by turn, and within a turn by the category's temperature", () => {
    assert.deepEqual(passesOf(QUESTIONS, { form: "mt-bench", otherwise: 0.3 }), [
      { turn: 1, temperature: 0.7, rows: [0, 2] },
      { turn: 1, temperature: 0, rows: [1, 3] },
      { turn: 2, temperature: 0.7, rows: [0] },
      { turn: 2, temperature: 0, rows: [1, 3] },
    ]);
  });

  it("takes one temperature where the config gives it, or the kind has none", () => {
    const temperatures = (settings: Parameters<typeof passesOf>[1]): number[] =>
      passesOf(QUESTIONS, settings).map(({ temperature }) => temperature);
    assert.deepEqual(temperatures({ form: "mt-bench", temperature: 1, otherwise: 0.3 }), [1, 1]);
    assert.deepEqual(temperatures({ form: "arena-hard", otherwise: 0.3 }), [0.3, 0.3]);
    assert.deepEqual(passesOf([{ prompt: "a" }, { prompt: "b" }], { otherwise: 0.3 }), [
      { turn: 1, temperature: 0.3, rows: [0, 1] },
    ]);
  });
});

describe("a turn that follows an answer", () => {
  const TEMPLATE = "{% for m in messages %}{{ m.content }} {% endfor %}";
  const format = new PromptFormat(
    taskTokenizer(miniInstruct().language ?? assert.fail("it has a language of its own")),
    { text: TEMPLATE, where: "a test" },
  );
  const words = "city river time city river time city river time city";
  const asked = (maxPositions: number) =>
    askedTurn(question("x", "reverse : city", "reverse : time"), [words], { format, maxPositions, maxNewTokens: 4 });

  it("shows the conversation whole where the model sees it, and the answer's beginning where not", () => {
    const whole = asked(200);
    assert.equal(whole.isCut, false);
    assert.equal(questionText(whole.question), `user: reverse : city\n\nassistant: ${words}\n\nuser: reverse : time`);
    const length = format.encodePrompt(whole.question).length;
    const cut = asked(length);
    assert.equal(cut.isCut, true);
    const seen = format.encodePrompt(cut.question).length;
    assert.ok(seen <= length - 4 && seen > length - 4 - 3, `${seen} of ${length}`);
    assert.match(questionText(cut.question), /assistant: city river [\s\S]*user: reverse : time$/);
  });
});
