import * as z from "zod";
import { setting, share } from "../../config/setting.ts";
import { CONSTRAINT_KINDS, type Constraint, type ConstraintKind, wordsOf } from "./constraintKinds.ts";
import { OTHER_TOPICS, TOPICS, type Topic } from "./constraintTopics.ts";
import { drawFrom, drawInteger } from "./draw.ts";
import { labelled } from "./labeller.ts";
import { type SplitShares, isDealtTo } from "./shares.ts";
import { type Demonstration, type Response, type Rng, type Split, taskKind } from "./task.ts";

/** Gold scores are rounded to this many steps per unit, so that equally good answers tie whatever the order of sums. */
const SCORE_STEPS = 1e9;
/** Share of prompts that are sums. */
const SUMS = 0.2;
/** Longest prompt in SmolLM2's tokens, with its chat template and default system prompt: of thousands, none had more than 68. */
const LONGEST_PROMPT = 80;
/** Its longest demonstration has 39. */
const LONGEST_RESPONSE = 48;
/** Prompts that a real model answers at a time: their cache takes 0.1 MB a token at 135 million parameters. */
const ANSWERED_AT_ONCE = 16;
/** A split has thousands of prompts; this many different ones are found at once. */
const MOST_DIFFERENT = 2000;

/** The benchmark out of distribution has topics, constraints and sums of its own. */
const SHARES: SplitShares = {
  train: [0, 12],
  validation: [12, 14],
  inDistribution: [14, 16],
  outOfDistribution: [0, 16],
};

/** How a topic is asked about. */
const REQUESTS = ["Write about {}.", "Tell me something about {}.", "What do you know about {}?"];
const OTHER_REQUESTS = ["Explain {} to a child.", "Say something about {}."];

/** A sum in words, with its result. */
interface Sum {
  readonly pattern: RegExp;
  readonly write: (a: number, b: number) => string;
  readonly result: (a: number, b: number) => number;
}

const ONLY_NUMBER = "Answer with the number only.";
const SUM_KINDS: readonly Sum[] = [
  {
    pattern: /^What is (\d+) plus (\d+)\? /,
    write: (a, b) => `What is ${a} plus ${b}?`,
    result: (a, b) => a + b,
  },
  {
    pattern: /^You have (\d+) apples and give away (\d+)\. How many are left\? /,
    write: (a, b) => `You have ${a + b} apples and give away ${b}. How many are left?`,
    result: (a, b) => a - b,
  },
];
const OTHER_SUMS: readonly Sum[] = [
  {
    pattern: /^A pen costs (\d+) dollars\. What do (\d+) pens cost\? /,
    write: (a, b) => `A pen costs ${a} dollars. What do ${b} pens cost?`,
    result: (a, b) => a * b,
  },
  {
    pattern: /^A train has (\d+) seats, and (\d+) more are added\. How many seats are there\? /,
    write: (a, b) => `A train has ${a} seats, and ${b} more are added. How many seats are there?`,
    result: (a, b) => a + b,
  },
];

/**
 * Constraints: write about a topic under two or three constraints on the form, or do a sum, in the manner of IFEval (Zhou
 * et al. 2023, arXiv:2311.07911): programs check every constraint, so that the gold score is nobody's opinion and no model.
 *
 * For real chat models: prompts and answers are plain English, and training starts from a checkpoint. Demonstrations are
 * put together from sentences about the topic; some leave a constraint out. The gold score is the mean over the
 * constraints, and whether the topic is named, each from 0 to 1; 0 for an answer without words, and half a point less for
 * one that does not end.
 */
export const constraints = taskKind({
  name: "constraints",
  title: "Constraints",
  description: "Asks a chat model to write about a topic under constraints that programs check, or to do a sum",
  needsCheckpoint: true,
  settings: {
    sftClean: setting(share(), 0.7, {
      description: "Share of SFT examples that meet all constraints; the others leave some out",
      source: "this project",
    }),
    labelTemperature: setting(z.number().positive(), 0.1, {
      description: "Noise of preference labels by Bradley–Terry: P(chosen) = σ(difference of gold scores / this)",
      unit: "gold score",
      source: "this project",
    }),
  },
  parts: { sftClean: "sft", labelTemperature: "prefer" },
  snippet: {},
  defaults: { examples: 256, pairs: 256, maxNewTokens: LONGEST_RESPONSE },
  check: () => [],
  create: ({ sftClean, labelTemperature }) => ({
    name: "constraints",
    maxPromptLength: LONGEST_PROMPT,
    maxResponseLength: LONGEST_RESPONSE,
    answeredAtOnce: ANSWERED_AT_ONCE,
    trainPrompts: 1024,
    sft: (n, rng) => Array.from({ length: n }, () => demonstration(sftClean, rng)),
    prompts,
    gold,
    prefer: (prompt, pair, rng) =>
      labelled(pair, { gold: (response) => gold(prompt, response), temperature: labelTemperature }, rng),
  }),
});

/** A prompt as it is read back. */
type ReadPrompt =
  | { readonly kind: "sum"; readonly result: number }
  | { readonly kind: "text"; readonly topic: Topic; readonly constraints: readonly Constraint[] };

function prompts(split: Split, n: number, rng: Rng): string[] {
  if (split === "train") return Array.from({ length: n }, () => drawPrompt(split, rng));
  if (n > MOST_DIFFERENT) {
    throw new RangeError(`constraints: ${split} has at most ${MOST_DIFFERENT} prompts, asked ${n}`);
  }
  const drawn = new Set<string>();
  while (drawn.size < n) drawn.add(drawPrompt(split, rng));
  return [...drawn];
}

/** One that some demonstration meets in full: constraints that contradict each other are drawn again. */
function drawPrompt(split: Split, rng: Rng): string {
  const isOther = split === "outOfDistribution";
  for (;;) {
    const prompt = rng.uniform() < SUMS ? drawSum(isOther, rng) : drawText(isOther, rng);
    if (isDealtTo(split, prompt, SHARES) && isPossible(readPrompt(prompt))) return prompt;
  }
}

function drawSum(isOther: boolean, rng: Rng): string {
  const sum = drawFrom(isOther ? OTHER_SUMS : SUM_KINDS, rng);
  return `${sum.write(2 + drawInteger(48, rng), 2 + drawInteger(48, rng))} ${ONLY_NUMBER}`;
}

function drawText(isOther: boolean, rng: Rng): string {
  const topic = drawFrom(isOther ? OTHER_TOPICS : TOPICS, rng);
  const request = drawFrom(isOther ? OTHER_REQUESTS : REQUESTS, rng).replace("{}", topic.name);
  const nConstraints = 2 + drawInteger(2, rng);
  const taken: ConstraintKind[] = [];
  while (taken.length < nConstraints) {
    const kind = drawFrom(CONSTRAINT_KINDS, rng);
    const isFree = !taken.some(({ group }) => group === kind.group);
    if (isFree && (isOther || kind.isOther !== true)) taken.push(kind);
  }
  return [request, ...taken.map((kind) => kind.draw(topic, rng))].join(" ");
}

function readPrompt(prompt: string): ReadPrompt {
  for (const { pattern, result } of [...SUM_KINDS, ...OTHER_SUMS]) {
    const found = pattern.exec(prompt);
    if (found !== null) return { kind: "sum", result: result(Number(found[1]), Number(found[2])) };
  }
  const topic = [...TOPICS, ...OTHER_TOPICS].find(({ name }) =>
    [...REQUESTS, ...OTHER_REQUESTS].some((request) => prompt.startsWith(`${request.replace("{}", name)} `)),
  );
  // Sentences end in a full stop or in a quoted mark; the marks themselves have full stops of their own.
  const [, ...asked] = prompt.split(/(?<=[.?"]) (?=Use |Answer as |Begin with |End with )/);
  const read = asked.map((text) => CONSTRAINT_KINDS.map((kind) => kind.read(text)).find((one) => one !== undefined));
  const known = read.filter((one) => one !== undefined);
  if (topic === undefined || known.length === 0 || known.length < asked.length) {
    throw new RangeError(`constraints: not a prompt of this task: ${JSON.stringify(prompt)}`);
  }
  return { kind: "text", topic, constraints: known };
}

function gold(prompt: string, { text, ended }: Response): number {
  const score = scoreOf(readPrompt(prompt), text) - (ended ? 0 : 0.5);
  return Math.round(score * SCORE_STEPS) / SCORE_STEPS;
}

function scoreOf(read: ReadPrompt, text: string): number {
  if (wordsOf(text).length === 0) return 0;
  if (read.kind === "sum") {
    const numbers = text.match(/\d+/g) ?? [];
    if (text.trim() === String(read.result)) return 1;
    return numbers.at(-1) === String(read.result) ? 0.5 : 0;
  }
  const checks = [Number(isAbout(read.topic, text)), ...read.constraints.map(({ check }) => check(text))];
  return checks.reduce((sum, one) => sum + one, 0) / checks.length;
}

function isAbout({ name }: Topic, text: string): boolean {
  const said = new Set(wordsOf(text));
  return wordsOf(name).some((word) => word !== "the" && said.has(word));
}

function demonstration(clean: number, rng: Rng): Demonstration {
  const prompt = drawPrompt("train", rng);
  const read = readPrompt(prompt);
  if (rng.uniform() < clean) return { prompt, response: drawFrom(perfect(read), rng) };
  if (read.kind === "sum") return { prompt, response: `The answer is ${read.result + drawInteger(3, rng)}.` };
  const kept = read.constraints.toSpliced(drawInteger(read.constraints.length, rng), 1);
  return { prompt, response: drawFrom(writings(read.topic, kept), rng) };
}

function isPossible(read: ReadPrompt): boolean {
  return read.kind === "sum" || writings(read.topic, read.constraints).some((text) => isMet(read, text));
}

/** Like a score of 1; most writings fail at the first constraint. */
function isMet({ constraints: asked, topic }: Extract<ReadPrompt, { readonly kind: "text" }>, text: string): boolean {
  return asked.every(({ check }) => check(text) === 1) && isAbout(topic, text);
}

/** Answers that meet everything. */
function perfect(read: ReadPrompt): readonly string[] {
  if (read.kind === "sum") return [String(read.result)];
  return writings(read.topic, read.constraints).filter((text) => isMet(read, text));
}

/** Sentences about a topic in every order and number that the constraints allow, in their form. */
function writings({ sentences }: Topic, asked: readonly Constraint[]): readonly string[] {
  const wanted = asked.find((one) => one.sentences !== undefined)?.sentences;
  const isList = asked.some(({ text }) => text.startsWith("Answer as a list"));
  const orders = ordersOf(sentences).filter(({ length }) => wanted === undefined || length === wanted);
  return orders.map((order) => {
    const plain = isList ? order.map((sentence) => `- ${sentence}`).join("\n") : order.join(" ");
    // Letters last: marks are written in them, too.
    const shapes = asked.flatMap(({ shape, text }) => (shape === undefined ? [] : [{ shape, text }]));
    const sorted = shapes.sort((a, b) => Number(a.text.includes("letters")) - Number(b.text.includes("letters")));
    return sorted.reduce((text, { shape }) => shape(text), plain);
  });
}

/** Every sequence of one, two or three of the items, each at most once. */
function ordersOf(items: readonly string[]): readonly (readonly string[])[] {
  const longer = (orders: readonly (readonly string[])[]): readonly (readonly string[])[] =>
    orders.flatMap((order) => items.filter((item) => !order.includes(item)).map((item) => [...order, item]));
  const ones = items.map((item) => [item]);
  const twos = longer(ones);
  return [...ones, ...twos, ...longer(twos)];
}
