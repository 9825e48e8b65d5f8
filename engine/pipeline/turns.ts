import { nextTurn } from "../data/index.ts";
import { benchmarkKind } from "../evaluation/benchmarks/index.ts";
import type { Question } from "../protocol/conversation.ts";
import type { Prompt } from "../storage/datasets.ts";
import type { PromptFormat } from "../text/index.ts";

/** Questions that are answered at one time: one turn of some questions, at one temperature. */
export interface Pass {
  /** From 1. */
  readonly turn: number;
  readonly temperature: number;
  /** Positions of the questions. */
  readonly rows: readonly number[];
}

/** How questions of a kind of benchmark are answered. */
export interface AnsweringSettings {
  /** The kind; undefined for plain prompts. */
  readonly form?: string | undefined;
  /** The config's own for the benchmark, which holds for all questions. */
  readonly temperature?: number | undefined;
  /** The config's for all benchmarks. */
  readonly otherwise: number;
}

/** Passes over questions: turn by turn, since a turn is asked after one's own answer to the one before. */
export function passesOf(questions: readonly Prompt[], settings: AnsweringSettings): readonly Pass[] {
  const { form, temperature, otherwise } = settings;
  const kind = form === undefined ? undefined : benchmarkKind(form);
  const most = questions.reduce((longest, { followUps = [] }) => Math.max(longest, 1 + followUps.length), 1);
  return Array.from({ length: most }, (_, index) => index + 1).flatMap((turn) => {
    const asked = [...questions.keys()].filter((row) => (questions[row]?.followUps?.length ?? 0) + 1 >= turn);
    const byTemperature = Map.groupBy(
      asked,
      (row) => temperature ?? kind?.temperature?.(questions[row]?.category) ?? otherwise,
    );
    return [...byTemperature].map(([at, rows]): Pass => ({ turn, temperature: at, rows }));
  });
}

/** Room in a model's positions. */
export interface Room {
  readonly format: PromptFormat;
  readonly maxPositions: number;
  readonly maxNewTokens: number;
}

/** Share of a model's positions that is kept free for an answer. */
const ROOM = 0.25;

/** A turn as it is put to a model. */
export interface AskedTurn {
  readonly question: Question;
  /** True if an earlier answer was cut, since the model does not see as far. */
  readonly isCut: boolean;
}

/**
 * The conversation up to a turn, with one's own answers to the turns before. Where the model sees too little for it, the
 * answers are cut at their ends: FastChat leaves that to the model, which then fails or forgets.
 */
export function askedTurn(
  { prompt, followUps = [] }: Prompt,
  answers: readonly string[],
  { format, maxPositions, maxNewTokens }: Room,
): AskedTurn {
  const conversation = (share: number): Question =>
    answers.reduce<Question>((asked, answer, at) => nextTurn(asked, start(answer, share), followUps[at] ?? ""), prompt);
  const whole = conversation(1);
  if (answers.length === 0) return { question: whole, isCut: false };
  const most = maxPositions - Math.min(maxNewTokens, Math.ceil(maxPositions * ROOM));
  const fits = (share: number): boolean => format.encodePrompt(conversation(share)).length <= most;
  if (fits(1)) return { question: whole, isCut: false };
  let [low, high] = [0, 1];
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return { question: conversation(low), isCut: true };
}

/** Halvings of the share of an answer that is kept. */
const HALVINGS = 8;

function start(text: string, share: number): string {
  return share === 1 ? text : text.slice(0, Math.floor(text.length * share)).toWellFormed();
}
