import assert from "node:assert/strict";
import { CONSTRAINT_KINDS } from "../../../../engine/evaluation/tasks/constraintKinds.ts";
import { OTHER_TOPICS, TOPICS } from "../../../../engine/evaluation/tasks/constraintTopics.ts";
import { constraints } from "../../../../engine/evaluation/tasks/constraints.ts";
import { SPLITS } from "../../../../engine/evaluation/tasks/task.ts";
import { ConfigError } from "../../../../engine/protocol/errors.ts";
import { parseConfig } from "../../../../engine/config/index.ts";
import { seeded } from "./random.ts";

const task = constraints.create({ sftClean: 1, labelTemperature: 0.1 });
const score = (prompt: string, text: string, ended = true): number => task.gold(prompt, { text, ended });

/** Sums of three shares are rounded to 1e-9. */
const close = (actual: number, expected: number): void =>
  assert(Math.abs(actual - expected) < 1e-8, `${actual} instead of ${expected}`);

describe("the gold score of Constraints", () => {
  const WORDS = 'Write about bread. Use at most 8 words. End with "The end."';

  it("is the mean over the constraints and whether the topic is named", () => {
    assert.equal(score(WORDS, "Bread is made of flour. The end."), 1);
    close(score(WORDS, "Bread is made of flour."), 2 / 3);
    close(score(WORDS, "It is made of flour. The end."), 2 / 3);
    // 16 words where 8 are allowed.
    close(
      score(WORDS, `Bread ${"is good ".repeat(6)}and warm. The end.`.replace("is good and", "and")),
      (1 + 8 / 15 + 1) / 3,
    );
  });

  it("is 0 for an answer without words, and half a point less for one that does not end", () => {
    assert.equal(score(WORDS, ""), 0);
    assert.equal(score(WORDS, "..."), 0);
    assert.equal(score(WORDS, "Bread is made of flour. The end.", false), 0.5);
    assert.equal(score(WORDS, "", false), -0.5);
  });

  for (const [what, prompt, text, expected] of [
    [
      "words at least",
      "Write about tea. Use at least 6 words. Use small letters only.",
      "tea is hot",
      (1 + 0.5 + 1) / 3,
    ],
    [
      "a word",
      'Tell me something about cats. Use the word "string". Use exactly 1 sentence.',
      "Cats like a string.",
      1,
    ],
    [
      "a word that is only part of one",
      'Tell me something about cats. Use the word "string". Use exactly 1 sentence.',
      "Cats like strings.",
      2 / 3,
    ],
    [
      "a list",
      'What do you know about rain? Answer as a list of exactly 2 lines, each beginning with "- ". Use small letters only.',
      "- rain falls\n- rain is wet",
      1,
    ],
    [
      "a list with one item twice",
      'What do you know about rain? Answer as a list of exactly 2 lines, each beginning with "- ". Use small letters only.',
      "- rain falls\n- rain falls",
      (1 + 0.5 + 1) / 3,
    ],
    [
      "a list that is too long",
      'What do you know about rain? Answer as a list of exactly 2 lines, each beginning with "- ". Use small letters only.',
      "- rain a\n- b\n- c\n- d",
      (1 + 0.5 + 1) / 3,
    ],
    [
      "sentences",
      'Write about the moon. Use exactly 2 sentences. Begin with "Well,"',
      "Well, the moon moves. It has no light.",
      1,
    ],
    [
      "too many sentences",
      'Write about the moon. Use exactly 2 sentences. Begin with "Well,"',
      "Well, the moon moves. It has no light. It pulls! So?",
      (1 + 0.5 + 1) / 3,
    ],
    [
      "capital letters",
      'Say something about snow. Use capital letters only. Begin with "Note:"',
      "NOTE: SNOW IS snow",
      (1 + 10 / 14 + 1) / 3,
    ],
  ] as const) {
    it(`knows ${what}`, () => close(score(prompt, text), expected));
  }

  it("wants of a sum the number only, and grants half a point for one among words", () => {
    const prompt = "What is 17 plus 25? Answer with the number only.";
    assert.deepEqual(
      ["42", " 42\n", "17 plus 25 is 42.", "42 is not it: 43", "43", "forty-two"].map((text) => score(prompt, text)),
      [1, 1, 0.5, 0, 0, 0],
    );
    assert.equal(
      score("You have 30 apples and give away 12. How many are left? Answer with the number only.", "18"),
      1,
    );
    assert.equal(score("A pen costs 3 dollars. What do 14 pens cost? Answer with the number only.", "42"), 1);
  });

  it("refuses a prompt that is not of the task", () => {
    for (const prompt of ["Write about bread.", "Write about stones. Use at most 8 words.", "copy: a b.", ""]) {
      assert.throws(() => score(prompt, "x"), /not a prompt of this task/, prompt);
    }
  });
});

describe("prompts and demonstrations of Constraints", () => {
  it("are met in full by every clean demonstration, and not by those that leave something out", () => {
    for (const { prompt, response } of task.sft(400, seeded(1)))
      assert.equal(score(prompt, response), 1, `${prompt}\n${response}`);
    const faulty = constraints.create({ sftClean: 0, labelTemperature: 0.1 }).sft(400, seeded(1));
    const full = faulty.filter(({ prompt, response }) => score(prompt, response) === 1);
    // A constraint that was left out may be met by chance.
    assert(full.length < 200, `${full.length} of 400`);
  });

  it("have every kind of constraint, those of their own out of distribution alone, and sums", () => {
    const inside = task.prompts("inDistribution", 1000, seeded(2)).join("\n");
    const outside = task.prompts("outOfDistribution", 1000, seeded(2)).join("\n");
    for (const sentence of [
      "Use at most",
      "Use at least",
      "Use the word",
      "Answer as a list",
      "Use exactly 1",
      "End with",
      "small letters",
    ]) {
      assert(inside.includes(sentence) && outside.includes(sentence), sentence);
    }
    assert(!inside.includes("capital letters") && outside.includes("capital letters"));
    assert(inside.includes(" plus ") && !outside.includes(" plus "));
    for (const { name } of OTHER_TOPICS) assert(!inside.includes(`about ${name}`) && outside.includes(name), name);
    for (const { name } of TOPICS) assert(inside.includes(`about ${name}`), name);
  });

  it("belong to one split each, and a benchmark's are all different", () => {
    const seen = new Map<string, string>();
    for (const split of SPLITS) {
      const drawn = task.prompts(split, 1000, seeded(3));
      if (split !== "train") assert.equal(new Set(drawn).size, drawn.length, split);
      for (const prompt of new Set(drawn)) {
        assert.equal(seen.get(prompt) ?? split, split, prompt);
        seen.set(prompt, split);
      }
    }
  });

  it("have at most three constraints, of different groups", () => {
    for (const prompt of task.prompts("outOfDistribution", 300, seeded(4))) {
      const groups = prompt
        .split(/(?<=[.?"]) (?=Use |Answer as |Begin with |End with )/)
        .flatMap((text) => CONSTRAINT_KINDS.find((kind) => kind.read(text) !== undefined)?.group ?? []);
      assert(groups.length <= 3 && new Set(groups).size === groups.length, prompt);
    }
  });

  it("need a model that can speak", () => {
    assert.throws(
      () => parseConfig('{ "task": { "name": "constraints" } }', "run.salsa.json"),
      (error) =>
        error instanceof ConfigError && error.message.includes('the task "constraints" needs a model that can speak'),
    );
  });
});
