import * as z from "zod";
import { setting, share } from "../../config/setting.ts";
import { drawByZipf, drawFrom, drawInteger } from "./draw.ts";
import { editDistance } from "./editDistance.ts";
import { labelled } from "./labeller.ts";
import { type SplitShares, isDealtTo } from "./shares.ts";
import { slip, type Draft } from "./slips.ts";
import { type Demonstration, type Response, type Rng, type Split, taskKind } from "./task.ts";

/** Words of prompts and answers; in distribution, the k-th is drawn in proportion to 1/k. */
const WORDS = "time day home water night city garden river summer music bread island candle forest silver winter".split(
  " ",
);

const THANKS = "thanks";
const UM = "um";

interface Instruction {
  readonly phrase: string;
  readonly follow: (words: readonly string[]) => readonly string[];
}

const INSTRUCTIONS: readonly Instruction[] = [
  { phrase: "copy", follow: (words) => words },
  { phrase: "reverse", follow: (words) => words.toReversed() },
  { phrase: "double the first", follow: (words) => [...words.slice(0, 1), ...words] },
  { phrase: "drop the last", follow: (words) => words.slice(0, -1) },
];

const FEWEST_WORDS = 3;
const MOST_WORDS = 6;

/** Longest prompt, in tokens: three words of instruction, a colon, the words, a full stop. */
const LONGEST_PROMPT = 3 + 1 + MOST_WORDS + 1;
/** Longest faultless response, the first word doubled, thanks and end-of-text included. */
const LONGEST_TARGET = MOST_WORDS + 1 + 1 + 1;
/** Tokens more than a faultless response needs, so that rambling is possible and can be scored. */
const ROOM_TO_RAMBLE = 3;

/** A split has millions of prompts, but by Zipf's law new ones become rare; this many are found in a few seconds. */
const MOST_DIFFERENT = 50_000;

/** Gold scores are rounded to this many steps per unit, so that equally good responses tie whatever the order of sums. */
const SCORE_STEPS = 1e9;

/** Prompts are dealt to the splits by their hash, in sixteenths. */
const SHARES: SplitShares = {
  train: [0, 10],
  validation: [10, 12],
  inDistribution: [12, 14],
  outOfDistribution: [14, 16],
};

/**
 * MiniInstruct: follow one of four instructions on a few words, then say thanks.
 *
 * "reverse: city river time." asks for "time river city thanks". Small enough to learn in a minute, rich enough that
 * fine-tuning on few, partly faulty demonstrations leaves room for a soup and for RLHF.
 *
 * Which split a prompt belongs to is a function of its text alone, so no seed or amount of data can put a prompt of
 * one split into another.
 */
export const miniInstruct = taskKind({
  name: "miniinstruct",
  title: "MiniInstruct",
  description: "Asks to copy, reverse, double the first or drop the last of some words",
  settings: {
    pretrainingClean: setting(share(), 0.4, {
      description: "Share of faultless answers in the text the base model is trained on",
      source: "this project's prototype",
    }),
    sftClean: setting(share(), 0.8, {
      description: "Share of faultless answers in the SFT examples",
      source: "this project's prototype",
    }),
    labelTemperature: setting(z.number().positive(), 0.15, {
      description: "Noise of preference labels by Bradley–Terry: P(chosen) = σ(difference of gold scores / this)",
      unit: "gold score",
      source: "this project",
    }),
  },
  parts: { pretrainingClean: "language", sftClean: "sft", labelTemperature: "prefer" },
  snippet: {},
  // Its own answers have at most 12 tokens.
  defaults: { examples: 600, pairs: 5000, maxNewTokens: 16 },
  check: () => [],
  create: ({ pretrainingClean, sftClean, labelTemperature }) => ({
    name: "miniinstruct",
    language: {
      vocabulary: vocabulary(),
      *pretraining(rng) {
        for (;;) yield example(pretrainingClean, rng);
      },
    },
    maxPromptLength: LONGEST_PROMPT,
    answeredAtOnce: 256,
    trainPrompts: 8192, // more than a run of the demo asks for
    maxResponseLength: LONGEST_TARGET + ROOM_TO_RAMBLE,
    sft: (n, rng) => Array.from({ length: n }, () => example(sftClean, rng)),
    prompts,
    gold,
    prefer: (prompt, pair, rng) =>
      labelled(pair, { gold: (response) => gold(prompt, response), temperature: labelTemperature }, rng),
  }),
});

function vocabulary(): string[] {
  return [...new Set([...INSTRUCTIONS.flatMap(({ phrase }) => phrase.split(" ")), ":", ".", ...WORDS, THANKS, UM])];
}

function example(cleanFraction: number, rng: Rng): Demonstration {
  const prompt = drawPrompt("train", rng);
  const { instruction, words } = readPrompt(prompt);
  const clean: Draft = { words: instruction.follow(words), thanks: 1 };
  if (rng.uniform() < cleanFraction) return { prompt, response: write(clean) };
  const misread: Draft = { words: drawFrom(INSTRUCTIONS, rng).follow(words), thanks: 1 };
  const nSlips = 1 + drawInteger(3, rng);
  return { prompt, response: write(slip(rng.uniform() < 0.5 ? misread : clean, nSlips, WORDS, rng)) };
}

function write({ words, thanks }: Draft): string {
  return [...words, ...Array<string>(thanks).fill(THANKS)].join(" ");
}

function prompts(split: Split, n: number, rng: Rng): string[] {
  if (split === "train") return Array.from({ length: n }, () => drawPrompt(split, rng));
  if (n > MOST_DIFFERENT) {
    throw new RangeError(`miniinstruct: ${split} has at most ${MOST_DIFFERENT} prompts, asked ${n}`);
  }
  const drawn = new Set<string>();
  while (drawn.size < n) drawn.add(drawPrompt(split, rng));
  return [...drawn];
}

function drawPrompt(split: Split, rng: Rng): string {
  const drawWord = split === "outOfDistribution" ? drawFrom : drawByZipf;
  for (;;) {
    const { phrase } = drawFrom(INSTRUCTIONS, rng);
    const nWords = FEWEST_WORDS + drawInteger(MOST_WORDS - FEWEST_WORDS + 1, rng);
    const words = Array.from({ length: nWords }, () => drawWord(WORDS, rng));
    const prompt = `${phrase}: ${words.join(" ")}.`;
    if (isDealtTo(split, prompt, SHARES)) return prompt;
  }
}

function readPrompt(prompt: string): { instruction: Instruction; words: readonly string[] } {
  const [phrase, list = ""] = prompt.split(": ");
  const instruction = INSTRUCTIONS.find((known) => known.phrase === phrase);
  const words = list.slice(0, -1).split(" ");
  // With a single word, dropping the last would leave nothing to score against.
  if (instruction === undefined || !list.endsWith(".") || words.length < 2) {
    throw new RangeError(`miniinstruct: not a prompt of this task: "${prompt}"`);
  }
  return { instruction, words };
}

function gold(prompt: string, { text, ended }: Response): number {
  const { instruction, words } = readPrompt(prompt);
  const target = instruction.follow(words);
  const said = text.split(" ").filter((word) => word !== "");
  const content = said.filter((word) => word !== THANKS && word !== UM);
  const nThanks = said.filter((word) => word === THANKS).length;
  const endsInThanks = said.at(-1) === THANKS;
  const nFillers = said.length - content.length - (endsInThanks ? 1 : 0);
  const correctness = 1 - editDistance(content, target) / target.length;
  const politeness = endsInThanks && nThanks === 1 ? 0.25 : 0;
  const score = correctness + politeness - 0.15 * nFillers - (ended ? 0 : 0.5);
  return Math.round(score * SCORE_STEPS) / SCORE_STEPS;
}
