import { Fields } from "./fields.ts";

/** A line of `model_answer/<model>.jsonl`. */
export interface AnswerRecord {
  readonly question_id: number | string;
  readonly answer_id: string;
  readonly model_id: string;
  readonly choices: readonly { readonly index: number; readonly turns: readonly string[] }[];
  /** Seconds since 1970. */
  readonly tstamp: number;
}

export const RECORD_WINNERS = ["model_1", "model_2", "tie", "error"] as const;
export type RecordWinner = (typeof RECORD_WINNERS)[number];

/** A line of `model_judgment/<judge>_pair.jsonl`: two games, the second with sides swapped, winners by model. */
export interface PairJudgment {
  readonly question_id: number | string;
  readonly model_1: string;
  readonly model_2: string;
  readonly g1_winner: RecordWinner;
  readonly g2_winner: RecordWinner;
  /** Judge model and prompt name. */
  readonly judge: readonly [string, string];
  readonly g1_user_prompt: string;
  readonly g1_judgment: string;
  readonly g2_user_prompt: string;
  readonly g2_judgment: string;
  readonly turn: number;
  /** Of the question; FastChat's tools pass over it. */
  readonly category?: string;
  /** Seconds since 1970. */
  readonly tstamp: number;
}

/** A line of `model_judgment/<judge>_single.jsonl`: one answer's grade. */
export interface SingleJudgment {
  readonly question_id: number | string;
  readonly model: string;
  /** Judge model and prompt name. */
  readonly judge: readonly [string, string];
  readonly user_prompt: string;
  readonly judgment: string;
  /** −1 where the judge gave none. */
  readonly score: number;
  readonly turn: number;
  /** Seconds since 1970. */
  readonly tstamp: number;
}

/** Where a judged question comes from. */
export interface QuestionSource {
  readonly benchmark: string;
  /** Base seed, in a run of several: models of one name differ by it. */
  readonly seed?: number;
}

/** A pair judgment that says which benchmark it is about, in a field that FastChat's tools pass over. */
export type SourcedJudgment = PairJudgment & QuestionSource;

/**
 * A judgment for a file about several benchmarks: questions of two of them may have one id, so that FastChat, which
 * knows a game by question and models, would take one for the other. The id becomes `<benchmark>/<id>`, or
 * `seed-<seed>/<benchmark>/<id>`.
 */
export function sourcedJudgment(judgment: PairJudgment, { benchmark, seed }: QuestionSource): SourcedJudgment {
  const place = [...(seed === undefined ? [] : [`seed-${seed}`]), benchmark];
  const question_id = [...place, judgment.question_id].join("/");
  return { ...judgment, question_id, benchmark, ...(seed !== undefined && { seed }) };
}

/**
 * An answer from its JSON value.
 * @throws {RecordError}
 */
export function readAnswer(value: unknown): AnswerRecord {
  const fields = new Fields("answer", value);
  return {
    question_id: fields.id("question_id"),
    answer_id: fields.text("answer_id"),
    model_id: fields.text("model_id"),
    choices: fields.list("choices").map((choice) => {
      const inner = new Fields("answer choice", choice);
      return { index: inner.number("index"), turns: inner.texts("turns") };
    }),
    tstamp: fields.number("tstamp"),
  };
}

/**
 * A pair judgment from its JSON value.
 * @throws {RecordError}
 */
export function readPairJudgment(value: unknown): PairJudgment {
  const fields = new Fields("pair judgment", value);
  const judge = judgeIn(fields);
  return {
    question_id: fields.id("question_id"),
    model_1: fields.text("model_1"),
    model_2: fields.text("model_2"),
    g1_winner: fields.oneOf("g1_winner", RECORD_WINNERS),
    g2_winner: fields.oneOf("g2_winner", RECORD_WINNERS),
    judge,
    g1_user_prompt: fields.text("g1_user_prompt"),
    g1_judgment: fields.text("g1_judgment"),
    g2_user_prompt: fields.text("g2_user_prompt"),
    g2_judgment: fields.text("g2_judgment"),
    turn: fields.has("turn") ? fields.number("turn") : 1,
    ...(fields.has("category") && { category: fields.text("category") }),
    tstamp: fields.number("tstamp"),
  };
}

/** True if a record is a grade of one answer. */
export function isSingleJudgment(value: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(value, "score") && Object.hasOwn(value, "model");
}

/**
 * A grade from its JSON value.
 * @throws {RecordError}
 */
export function readSingleJudgment(value: unknown): SingleJudgment {
  const fields = new Fields("grade", value);
  const judge = judgeIn(fields);
  return {
    question_id: fields.id("question_id"),
    model: fields.text("model"),
    judge,
    user_prompt: fields.text("user_prompt"),
    judgment: fields.text("judgment"),
    score: fields.number("score"),
    turn: fields.has("turn") ? fields.number("turn") : 1,
    tstamp: fields.number("tstamp"),
  };
}

function judgeIn(fields: Fields): readonly [string, string] {
  const [model, prompt] = fields.texts("judge");
  if (model === undefined || prompt === undefined) return fields.refuse("judge", "the judge model and its prompt");
  return [model, prompt];
}

/** A record as a line of its file, line break included. */
export function recordLine(record: AnswerRecord | PairJudgment | SourcedJudgment | SingleJudgment): string {
  return `${JSON.stringify(record)}\n`;
}
