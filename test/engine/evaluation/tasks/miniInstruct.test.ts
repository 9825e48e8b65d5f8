import assert from "node:assert/strict";
import fc from "fast-check";

import { miniInstruct } from "../../../../engine/evaluation/tasks/miniInstruct.ts";
import { type Demonstration, type Response, SPLITS } from "../../../../engine/evaluation/tasks/task.ts";
import { seeded } from "./random.ts";

const SETTINGS = { pretrainingClean: 0.4, sftClean: 0.8, labelTemperature: 0.2 };
const task = miniInstruct.create(SETTINGS);
const { language = assert.fail("it has a language of its own") } = task;

/** Share of slips drawn that leave no fault: a repeated word swapped with itself, or replaced by itself. */
const HARMLESS = 0.015;

const wordsOf = (prompt: string): string[] => prompt.slice(prompt.indexOf(":") + 2, -1).split(" ");
const isFaultless = ({ prompt, response }: Demonstration): boolean =>
  task.gold(prompt, { text: response, ended: true }) > 1.2;

function takeExamples(n: number, seed: number): Demonstration[] {
  return language.pretraining(seeded(seed)).take(n).toArray();
}

function shareOf<T>(items: readonly T[], isCounted: (item: T) => boolean): number {
  return items.filter(isCounted).length / items.length;
}

/** Four standard deviations of a share of n independent draws: a chance of about 6e-5 to be off by more. */
function spread(share: number, n: number): number {
  return 4 * Math.sqrt((share * (1 - share)) / n);
}

function isNear(actual: number, expected: number, n: number): void {
  assert(Math.abs(actual - expected) < spread(expected, n), `share ${actual} of ${n}, expected ${expected}`);
}

describe("MiniInstruct's data", () => {
  it("has 27 words and marks, so that the model's vocabulary with four special tokens stays within 64", () => {
    assert.equal(language.vocabulary.length, 27);
    assert.equal(new Set(language.vocabulary).size, 27);
  });

  it("uses no word outside its vocabulary and keeps to its lengths", () => {
    const known = new Set(language.vocabulary);
    const tokens = (text: string): string[] => text.match(/\w+|[^\w\s]/g) ?? [];
    for (const { prompt, response } of takeExamples(3000, 1)) {
      assert(tokens(prompt).length <= task.maxPromptLength, prompt);
      assert(
        [...tokens(prompt), ...tokens(response)].every((token) => known.has(token)),
        `${prompt} ${response}`,
      );
    }
    // A faultless response to the longest prompt, doubled first word, thanks and end-of-text.
    assert(task.maxResponseLength >= 9);
  });

  it("gives the same data for the same seed and other data for another", () => {
    const draw = (seed: number): unknown => [
      takeExamples(20, seed),
      task.sft(20, seeded(seed)),
      SPLITS.map((split) => task.prompts(split, 20, seeded(seed))),
    ];
    assert.deepEqual(draw(7), draw(7));
    assert.notDeepEqual(draw(7), draw(8));
  });

  it("puts no prompt into two splits, whatever the seeds, and no benchmark prompt into training data", () => {
    const training = [...takeExamples(20_000, 1), ...task.sft(600, seeded(2))].map(({ prompt }) => prompt);
    const splits = SPLITS.map((split) => task.prompts(split, 1024, seeded(3)));
    const again = SPLITS.map((split) => task.prompts(split, 1024, seeded(4)));
    const [train = [], ...others] = splits.map((prompts, at) => [...prompts, ...(again[at] ?? [])]);
    const groups = [[...training, ...train], ...others].map((prompts) => new Set(prompts));
    for (const [at, group] of groups.entries()) {
      for (const other of groups.slice(at + 1)) assert(group.isDisjointFrom(other));
    }
  });

  it("repeats no prompt within a benchmark", () => {
    for (const split of ["validation", "inDistribution", "outOfDistribution"] as const) {
      const prompts = task.prompts(split, 1024, seeded(5));
      assert.equal(new Set(prompts).size, 1024);
    }
  });

  it("refuses a benchmark of more different prompts than can be found", () => {
    assert.throws(
      () => task.prompts("validation", 50_001, seeded(5)),
      /validation has at most 50000 prompts, asked 50001/,
    );
  });

  it("draws the k-th word in proportion to 1/k for training and evenly out of distribution", () => {
    const n = 20_000;
    const zipf = task.prompts("train", n / 4, seeded(6)).flatMap(wordsOf);
    const harmonic = Array.from({ length: 16 }, (_, rank) => 1 / (rank + 1)).reduce((sum, share) => sum + share);
    isNear(
      shareOf(zipf, (word) => word === "time"),
      1 / harmonic,
      zipf.length,
    );
    isNear(
      shareOf(zipf, (word) => word === "day"),
      1 / 2 / harmonic,
      zipf.length,
    );
    isNear(
      shareOf(zipf, (word) => word === "winter"),
      1 / 16 / harmonic,
      zipf.length,
    );
    const even = task.prompts("outOfDistribution", 4096, seeded(6)).flatMap(wordsOf);
    for (const word of ["time", "day", "winter"])
      isNear(
        shareOf(even, (one) => one === word),
        1 / 16,
        even.length,
      );
  });

  it("asks for each instruction equally often, on 3 to 6 words", () => {
    const prompts = task.prompts("train", 8000, seeded(9));
    for (const phrase of ["copy", "reverse", "double the first", "drop the last"]) {
      isNear(
        shareOf(prompts, (prompt) => prompt.startsWith(`${phrase}:`)),
        1 / 4,
        prompts.length,
      );
    }
    for (const n of [3, 4, 5, 6])
      isNear(
        shareOf(prompts, (prompt) => wordsOf(prompt).length === n),
        1 / 4,
        prompts.length,
      );
  });
});

describe("MiniInstruct's faults", () => {
  it("are in the set share of examples, for pretraining and for demonstrations", () => {
    const n = 4000;
    isNear(shareOf(takeExamples(n, 11), isFaultless), 0.4 + 0.6 * HARMLESS, n);
    isNear(shareOf(task.sft(n, seeded(12)), isFaultless), 0.8 + 0.2 * HARMLESS, n);
  });

  it("are absent when the clean share is 1", () => {
    assert(
      miniInstruct
        .create({ ...SETTINGS, sftClean: 1 })
        .sft(500, seeded(13))
        .every(isFaultless),
    );
  });

  it("include ums, missing and repeated thanks, and answers to another instruction", () => {
    const faulty = miniInstruct.create({ ...SETTINGS, sftClean: 0 }).sft(500, seeded(14));
    const has = (isCounted: (words: string[], prompt: string) => boolean): boolean =>
      faulty.some(({ prompt, response }) => isCounted(response.split(" "), prompt));
    assert(has((words) => words.includes("um")));
    assert(has((words) => !words.includes("thanks")));
    assert(has((words) => words.at(-1) === "thanks" && words.at(-2) === "thanks"));
    assert(
      has((words, prompt) => prompt.startsWith("reverse") && words.join(" ").startsWith(wordsOf(prompt).join(" "))),
    );
  });
});

describe("MiniInstruct's labeller", () => {
  const prompt = "copy: river time home.";
  const good: Response = { text: "river time home thanks", ended: true };
  const worse: Response = { text: "river time home", ended: true };

  it("prefers a response that is 0.25 better at temperature 0.2 with probability σ(1.25) = 0.777", () => {
    const [n, rng] = [10_000, seeded(15)];
    const chosen = Array.from({ length: n }, () => task.prefer(prompt, [worse, good], rng)?.chosen);
    isNear(
      shareOf(chosen, (one) => one === good),
      1 / (1 + Math.exp(-1.25)),
      n,
    );
  });

  it("prefers neither of two that are equally good, however they were come by", () => {
    const one: Response = { text: "um river time home thanks", ended: true };
    const other: Response = { text: "river um time home thanks", ended: true };
    assert.equal(task.prefer(prompt, [one, other], seeded(16)), undefined);
    assert.equal(task.prefer(prompt, [good, good], seeded(16)), undefined);
  });

  it("is independent of the order in which it is shown the two, on average", () => {
    const [n, rng] = [10_000, seeded(17)];
    const count = (pair: readonly [Response, Response]): number =>
      shareOf(
        Array.from({ length: n }, () => task.prefer(prompt, pair, rng)?.chosen),
        (one) => one === good,
      );
    // Two independent shares differ by √2 times the spread of one.
    assert(Math.abs(count([good, worse]) - count([worse, good])) < Math.SQRT2 * spread(0.777, n));
  });

  it("always returns both responses, once each", () => {
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), (seed, isSwapped) => {
        const shown = isSwapped ? ([worse, good] as const) : ([good, worse] as const);
        const { chosen, rejected } = task.prefer(prompt, shown, seeded(seed)) ?? {};
        assert(chosen !== rejected && [good, worse].every((one) => one === chosen || one === rejected));
      }),
    );
  });

  it("agrees with the gold score on most pairs of responses, yet not on all", () => {
    const rng = seeded(18);
    const drawn = miniInstruct.create({ ...SETTINGS, sftClean: 0 }).sft(6000, rng);
    const verdicts = drawn.flatMap(({ prompt: asked, response }, at) => {
      const second: Response = { text: drawn[(at * 7 + 1) % drawn.length]?.response ?? "", ended: true };
      const label = task.prefer(asked, [{ text: response, ended: true }, second], rng);
      return label === undefined ? [] : [task.gold(asked, label.chosen) > task.gold(asked, label.rejected)];
    });
    const accuracy = shareOf(verdicts, (isRight) => isRight);
    // Pairs as far apart as these leave little doubt: σ(margin / temperature) averages some 0.9.
    assert(accuracy > 0.85 && accuracy < 0.99, `labels agree with gold on ${accuracy}`);
  });
});
