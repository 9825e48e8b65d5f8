import { drawFrom, drawInteger } from "./draw.ts";
import type { Topic } from "./constraintTopics.ts";
import type { Rng } from "./task.ts";

/** A demand on the form of an answer, which a program can check. */
export interface Constraint {
  /** The sentence that asks for it. */
  readonly text: string;
  /** How far an answer meets it, from 0 to 1. */
  readonly check: (answer: string) => number;
  /** Writes sentences so that they meet it, as far as the form goes. */
  readonly shape?: (answer: string) => string;
  /** Number of sentences that it asks for. */
  readonly sentences?: number;
}

/** A kind of constraint. Of those of one group, a prompt has at most one: they could contradict each other. */
export interface ConstraintKind {
  readonly group: "length" | "word" | "layout" | "letters" | "mark";
  /** True for those that only the benchmark out of distribution has. */
  readonly isOther?: boolean;
  draw(topic: Topic, rng: Rng): string;
  /** Reads its sentence; undefined for those of other kinds. */
  read(text: string): Constraint | undefined;
}

const OPENINGS = ["Answer:", "Well,", "In short:"];
const OTHER_OPENINGS = ["Note:", "Dear reader,"];
const ENDINGS = ["That is all.", "The end.", "Thank you."];

/** Every kind; prompts have two or three of different groups. */
export const CONSTRAINT_KINDS: readonly ConstraintKind[] = [
  {
    group: "length",
    draw: (_, rng) => `Use at most ${drawFrom([8, 10, 12, 15, 20], rng)} words.`,
    read: byNumber(/^Use at most (\d+) words\.$/, (text, n) => ({
      text,
      check: (answer) => Math.min(1, n / Math.max(1, wordsOf(answer).length)),
    })),
  },
  {
    group: "length",
    draw: (_, rng) => `Use at least ${drawFrom([6, 8, 10, 12], rng)} words.`,
    read: byNumber(/^Use at least (\d+) words\.$/, (text, n) => ({
      text,
      check: (answer) => Math.min(1, wordsOf(answer).length / n),
    })),
  },
  {
    group: "word",
    draw: (topic, rng) => `Use the word "${drawFrom(longWords(topic), rng)}".`,
    read: (text: string): Constraint | undefined => {
      const [, word] = /^Use the word "([a-z]+)"\.$/.exec(text) ?? [];
      return word === undefined ? undefined : { text, check: (answer) => Number(wordsOf(answer).includes(word)) };
    },
  },
  {
    group: "layout",
    draw: (_, rng) => `Answer as a list of exactly ${2 + drawInteger(2, rng)} lines, each beginning with "- ".`,
    read: byNumber(/^Answer as a list of exactly (\d+) lines, each beginning with "- "\.$/, (text, n) => ({
      text,
      sentences: n,
      check: (answer) => {
        const lines = linesOf(answer);
        const items = new Set(lines.filter((line) => /^- \S/.test(line)));
        return lines.length === 0 ? 0 : Math.min(items.size, n) / Math.max(lines.length, n);
      },
    })),
  },
  {
    group: "layout",
    draw: (_: Topic, rng: Rng): string => {
      const n = 1 + drawInteger(2, rng);
      return n === 1 ? "Use exactly 1 sentence." : `Use exactly ${n} sentences.`;
    },
    read: byNumber(/^Use exactly (\d+) sentences?\.$/, (text, n) => ({
      text,
      sentences: n,
      check: (answer) => {
        const found = sentencesIn(answer);
        return found === 0 ? 0 : Math.min(found, n) / Math.max(found, n);
      },
    })),
  },
  {
    group: "letters",
    draw: () => "Use small letters only.",
    read: (text) =>
      text === "Use small letters only."
        ? { text, check: shareOf(/[a-z]/g, /[A-Z]/g), shape: (answer) => answer.toLowerCase() }
        : undefined,
  },
  {
    group: "letters",
    isOther: true,
    draw: () => "Use capital letters only.",
    read: (text) =>
      text === "Use capital letters only."
        ? { text, check: shareOf(/[A-Z]/g, /[a-z]/g), shape: (answer) => answer.toUpperCase() }
        : undefined,
  },
  { group: "mark", draw: (_, rng) => `Begin with "${drawFrom(OPENINGS, rng)}"`, read: beginning },
  { group: "mark", isOther: true, draw: (_, rng) => `Begin with "${drawFrom(OTHER_OPENINGS, rng)}"`, read: beginning },
  {
    group: "mark",
    draw: (_, rng) => `End with "${drawFrom(ENDINGS, rng)}"`,
    read: (text: string): Constraint | undefined => {
      const [, mark] = /^End with "([^"]+)"$/.exec(text) ?? [];
      if (mark === undefined) return undefined;
      const check = (answer: string): number => Number(isAlike(answer.trim().slice(-mark.length), mark));
      return { text, check, shape: (answer) => `${answer} ${mark}` };
    },
  },
];

/** Words of a text, in small letters, without punctuation. */
export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu) ?? [];
}

function byNumber(
  pattern: RegExp,
  make: (text: string, n: number) => Constraint,
): (text: string) => Constraint | undefined {
  return (text) => {
    const n = Number(pattern.exec(text)?.[1] ?? NaN);
    return Number.isNaN(n) ? undefined : make(text, n);
  };
}

function beginning(text: string): Constraint | undefined {
  const [, mark] = /^Begin with "([^"]+)"$/.exec(text) ?? [];
  if (mark === undefined) return undefined;
  const check = (answer: string): number => Number(isAlike(answer.trim().slice(0, mark.length), mark));
  return { text, check, shape: (answer) => `${mark} ${answer}` };
}

/** Marks may have to be written in small or capital letters. */
function isAlike(found: string, mark: string): boolean {
  return found.toLowerCase() === mark.toLowerCase();
}

/** Share of letters that are right. */
function shareOf(right: RegExp, wrong: RegExp): (answer: string) => number {
  return (answer) => {
    const [good, bad] = [right, wrong].map((pattern) => answer.match(pattern)?.length ?? 0) as [number, number];
    return good + bad === 0 ? 0 : good / (good + bad);
  };
}

function linesOf(answer: string): readonly string[] {
  return answer
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Each ends in a full stop, a question or an exclamation mark; what is left over counts as one. */
function sentencesIn(answer: string): number {
  const parts = answer.split(/[.!?]+(?:\s|$)/).filter((part) => wordsOf(part).length > 0);
  return parts.length;
}

/** Words of a topic's sentences that say something. */
function longWords({ name, sentences }: Topic): readonly string[] {
  const own = new Set(wordsOf(name));
  return [...new Set(sentences.flatMap(wordsOf))].filter((word) => word.length > 4 && !own.has(word));
}
