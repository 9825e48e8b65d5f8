import { basename, extname } from "node:path";
import { benchmarkQuestions, nextTurn } from "../../data/benchmarks.ts";
import { fileRows } from "../../data/rows/file.ts";
import type { RowPlace } from "../../data/rows/row.ts";
import { AS_IT_IS } from "../../data/source.ts";
import { benchmarkKind } from "../../evaluation/benchmarks/index.ts";
import { RecordError } from "../../evaluation/fastchat/fields.ts";
import { type ModelAnswer, readModelAnswer } from "../../evaluation/interchange/answers.ts";
import { type Question, questionText, recordedTurns } from "../../protocol/conversation.ts";
import { DataError } from "../../protocol/errors.ts";
import type { Prompt } from "../../storage/datasets.ts";
import type { BenchmarkAnswer } from "../../storage/formats/answers.ts";

/** The files of a benchmark. */
export interface QuestionFiles {
  readonly file: string;
  /** Name of its kind. */
  readonly kind: string;
  /** Reference answers. */
  readonly references?: string | undefined;
}

/** All questions of a benchmark's file. @throws {DataError} naming file, line and field. */
export async function questionsIn({ file, kind, references }: QuestionFiles): Promise<readonly Prompt[]> {
  const questions: Prompt[] = [];
  const source = { ...AS_IT_IS, from: file, kind };
  for await (const { record } of benchmarkQuestions(fileRows(file), { source, references })) {
    questions.push(record as Prompt);
  }
  if (questions.length > 0) return questions;
  throw new DataError("holds no questions", { file, remedy: `a question is ${benchmarkKind(kind).fields}` });
}

/** A model's answers to a benchmark. */
export interface AnswersOfModel {
  readonly model: string;
  readonly file: string;
  /** Of each question that is answered, by its position. */
  readonly byQuestion: ReadonlyMap<number, ModelAnswer>;
}

/**
 * A model's answers in any form, put to the questions that they are about; those to questions that are asked elsewhere, of
 * whose ids `isOthers` is true, are passed over.
 *
 * @throws {DataError} naming the line of an answer to another question, a second one to the same, an empty one, one with
 * another number of turns, or one of another model.
 */
export async function answersIn(
  file: string,
  questions: readonly Prompt[],
  isOthers: (id: string) => boolean = () => false,
): Promise<AnswersOfModel> {
  const positions = new Map(questions.map(({ questionId }, at) => [String(questionId), at]));
  const byQuestion = new Map<number, ModelAnswer>();
  let model: string | undefined;
  let nRead = 0;
  for await (const { fields, place } of fileRows(file)) {
    const answer = readAt(fields, place);
    const { model: own = basename(file, extname(file)) } = answer;
    model ??= own;
    if (own !== model) {
      const what = `is an answer of ${JSON.stringify(own)}, and those before it are of ${JSON.stringify(model)}`;
      throw new DataError(what, { ...place, remedy: "give each model a file of its own" });
    }
    const position = answer.questionId === undefined ? nRead : positions.get(String(answer.questionId));
    nRead += 1;
    const question = position === undefined ? undefined : questions[position];
    if (position === undefined && answer.questionId !== undefined && isOthers(String(answer.questionId))) continue;
    if (position === undefined || question === undefined || !isAbout(answer, question)) {
      const which = answer.questionId === undefined ? `question ${nRead}` : JSON.stringify(answer.questionId);
      const what = `is an answer to ${which}, which is not asked, or asked otherwise`;
      throw new DataError(what, { ...place, remedy: "name the questions that it was made for" });
    }
    checkAnswer(answer, { question, isSecond: byQuestion.has(position), place });
    byQuestion.set(position, answer);
  }
  if (model !== undefined) return { model, file, byQuestion };
  throw new DataError("holds no answers", { file, remedy: "name a model's answers, one a line" });
}

/** @throws {DataError} where one of the first `count` questions is not answered. */
export function checkAnswered(
  { file, byQuestion }: AnswersOfModel,
  questions: readonly Prompt[],
  { count = questions.length, remedy }: { readonly count?: number; readonly remedy: string },
): void {
  const asked = questions.slice(0, count);
  const missing = [...asked.keys()].filter((at) => !byQuestion.has(at));
  const [first] = missing;
  if (first === undefined) return;
  const id = JSON.stringify(questions[first]?.questionId ?? first + 1);
  const what = `has no answer to ${missing.length} of ${asked.length} questions, the first of them ${id}`;
  throw new DataError(what, { file, remedy });
}

/** Rows as judges take them, of the questions at these positions: one a turn. */
export function answerRows(
  { byQuestion }: AnswersOfModel,
  questions: readonly Prompt[],
  positions: readonly number[],
): readonly BenchmarkAnswer[] {
  const rows: BenchmarkAnswer[] = [];
  for (const position of positions) {
    const [question, answer] = [questions[position], byQuestion.get(position)];
    if (question === undefined || answer === undefined) continue;
    const { questionId, category, reference, references, followUps } = question;
    let asked: Question = question.prompt;
    for (const [at, text] of answer.turns.entries()) {
      const said = followUps?.[at - 1];
      if (said !== undefined) asked = nextTurn(asked, answer.turns[at - 1] ?? "", said);
      const right = references?.[at] ?? (at === 0 ? reference : undefined);
      rows.push({
        prompt: rows.length,
        question: questionText(asked),
        ...(questionId !== undefined && { questionId }),
        ...(followUps !== undefined && { turn: at + 1 }),
        ...(said === undefined ? recordedTurns(asked) : { said }),
        ...(category !== undefined && { category }),
        ...(right !== undefined && { reference: right }),
        text,
        ended: true,
        // Their tokens are not known; lengths are compared with each other alone.
        nTokens: text.length,
        reward: NaN,
      });
    }
  }
  return rows;
}

/** Positions of the questions that all of these have answered. */
export function commonPositions(all: readonly AnswersOfModel[], nQuestions: number): readonly number[] {
  const positions = Array.from({ length: nQuestions }, (_, at) => at);
  return positions.filter((at) => all.every(({ byQuestion }) => byQuestion.has(at)));
}

function readAt(fields: unknown, place: RowPlace): ModelAnswer {
  try {
    return readModelAnswer(fields);
  } catch (cause) {
    if (!(cause instanceof RecordError)) throw cause;
    throw new DataError(cause.message, { ...place, remedy: "mend it, or leave the line out" }, { cause });
  }
}

/** True unless the file says that another question was answered. */
function isAbout({ instruction }: ModelAnswer, { prompt }: Prompt): boolean {
  return instruction === undefined || instruction === questionText(prompt);
}

interface CheckedAnswer {
  readonly question: Prompt;
  readonly isSecond: boolean;
  readonly place: RowPlace;
}

function checkAnswer(
  { questionId = "it", turns }: ModelAnswer,
  { question: { followUps = [] }, isSecond, place }: CheckedAnswer,
): void {
  if (isSecond) {
    const what = `is a second answer to ${JSON.stringify(questionId)}`;
    throw new DataError(what, { ...place, remedy: "keep one of the two" });
  }
  if (turns.length === 1 + followUps.length) return;
  const what = `answers ${turns.length} turns of a question that has ${1 + followUps.length}`;
  throw new DataError(what, { ...place, remedy: "answer every turn, and no other" });
}
