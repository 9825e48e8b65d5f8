import assert from "node:assert/strict";
import fc from "fast-check";

import { miniInstruct } from "../../../../engine/evaluation/tasks/miniInstruct.ts";
import { seeded } from "./random.ts";

const task = miniInstruct.create({ pretrainingClean: 0.4, sftClean: 1, labelTemperature: 0.2 });

/** Scores are rounded to 1e-9; halves of that, and not more, may be missing. */
const TOLERANCE = 1e-9;

function scores(prompt: string, text: string, expected: number, ended = true): void {
  const score = task.gold(prompt, { text, ended });
  assert(
    Math.abs(score - expected) < TOLERANCE,
    `"${prompt}" answered "${text}" scored ${score}, expected ${expected}`,
  );
}

describe("MiniInstruct's gold score", () => {
  const three = "river time home";

  it("is 1.25 for what each instruction asks for, with thanks", () => {
    scores(`copy: ${three}.`, "river time home thanks", 1.25);
    scores(`reverse: ${three}.`, "home time river thanks", 1.25);
    scores(`double the first: ${three}.`, "river river time home thanks", 1.25);
    scores(`drop the last: ${three}.`, "river time thanks", 1.25);
  });

  it("loses the quarter for thanks when they are missing", () => {
    scores(`copy: ${three}.`, three, 1);
  });

  it("takes off one target-length's share for each edit", () => {
    scores(`copy: ${three}.`, "river time thanks", 1.25 - 1 / 3);
    scores(`copy: ${three}.`, "river day home thanks", 1.25 - 1 / 3);
    scores(`copy: ${three}.`, "river time time home thanks", 1.25 - 1 / 3);
    scores(`reverse: ${three}.`, "river time home thanks", 1.25 - 2 / 3);
    scores(`double the first: ${three}.`, "river time home thanks", 1.25 - 1 / 4);
    scores(`drop the last: ${three}.`, "river time home thanks", 1.25 - 1 / 2);
  });

  it("takes off 0.15 for each um, wherever it stands, and no edit for it", () => {
    scores(`copy: ${three}.`, "um river um time home thanks", 1.25 - 0.3);
  });

  it("grants no quarter to an um after the thanks, which then are no farewell", () => {
    scores(`copy: ${three}.`, "river time home thanks um", 1 - 0.15 - 0.15);
  });

  it("takes the quarter and 0.15 for each surplus thanks", () => {
    scores(`copy: ${three}.`, "river time home thanks thanks", 1 - 0.15);
    scores(`copy: ${three}.`, "thanks river time thanks home thanks", 1 - 0.3);
  });

  it("takes off 0.15 for thanks before the end", () => {
    scores(`copy: ${three}.`, "thanks river time home", 1 - 0.15);
  });

  it("takes off 0.5 without end-of-text", () => {
    scores(`copy: ${three}.`, "river time home thanks", 0.75, false);
  });

  it("is 0 for silence, and −0.5 for silence that does not end", () => {
    scores(`copy: ${three}.`, "", 0);
    scores(`copy: ${three}.`, "", -0.5, false);
  });

  it("falls below 0 for rambling", () => {
    scores(`drop the last: ${three}.`, "day day day day", 1 - 4 / 2);
  });

  it("counts words of the instruction and unknown tokens as wrong words", () => {
    scores(`copy: ${three}.`, "river reverse <unk> thanks", 1.25 - 2 / 3);
  });

  it("is exactly equal for faults that weigh the same, so that they tie", () => {
    const gold = (text: string): number => task.gold("copy: river time home day river.", { text, ended: true });
    // Unrounded, 1 - 1/5 + 0.25 - 3 · 0.15 is 0.6000000000000001, and 1 - 2/5 is 0.6.
    assert.equal(gold("um um um river time home day thanks"), gold("river time home"));
  });

  it("refuses a prompt that is not of the task", () => {
    for (const prompt of [
      "",
      "copy",
      "copy: river",
      "sing: river time home.",
      "copy: river.",
      "copy river time home.",
    ]) {
      assert.throws(() => task.gold(prompt, { text: "river", ended: true }), /not a prompt of this task/);
    }
  });

  it("is at most 1.25, which demonstrations without fault reach and no other response does", () => {
    const examples = task.sft(50, seeded(1));
    const words = fc.constantFrom(...(task.language?.vocabulary ?? []));
    const responses = fc.array(words, { maxLength: 9 }).map((said) => said.join(" "));
    fc.assert(
      fc.property(fc.constantFrom(...examples), responses, fc.boolean(), ({ prompt, response }, text, ended) => {
        scores(prompt, response, 1.25);
        const isRight = text === response && ended;
        assert(isRight || task.gold(prompt, { text, ended }) < 1.25 - TOLERANCE);
      }),
    );
  });

  it("falls strictly with every slip made to a faultless response", () => {
    const examples = task.sft(50, seeded(2));
    fc.assert(
      fc.property(
        fc.constantFrom(...examples),
        fc.nat(),
        fc.constantFrom("um", "thanks", "winter"),
        (example, at, word) => {
          const said = example.response.split(" ");
          const spoiled = said.toSpliced(at % (said.length + 1), 0, word).join(" ");
          assert(task.gold(example.prompt, { text: spoiled, ended: true }) < 1.25 - TOLERANCE);
        },
      ),
    );
  });
});
