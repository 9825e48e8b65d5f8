import type * as z from "zod";
import { type BenchmarkKind, type QuestionId, referenceSchema } from "../evaluation/benchmarks/benchmark.ts";
import { benchmarkKind } from "../evaluation/benchmarks/index.ts";
import { type Message, type Question, asTurns, questionText } from "../protocol/conversation.ts";
import { DataError } from "../protocol/errors.ts";
import type { Prompt } from "../storage/datasets.ts";
import type { ColumnMap } from "./layouts/index.ts";
import { recordOf } from "./layouts/index.ts";
import type { DataCounts } from "./reasons.ts";
import { fileRows } from "./rows/file.ts";
import type { Row, RowPlace } from "./rows/row.ts";
import type { Check, Selected } from "./select.ts";
import type { DataSource } from "./source.ts";

/** Most questions of a benchmark: they are held together, to be compared with its references. */
const MOST_QUESTIONS = 100_000;

/** Settings that questions are read with. */
export interface QuestionSettings {
  readonly source: DataSource;
  /** File of reference answers. */
  readonly references?: string | undefined;
  readonly check?: Check | undefined;
}

/**
 * The questions of a benchmark, in its order. Every one is used: what is wrong with one is an error, since a benchmark
 * without it is another.
 *
 * @returns The counts, once all are read.
 * @throws {DataError} naming place and field of a question that does not fit, has another's id or none, or that the
 * model cannot read; and of a reference to another question, or an empty one.
 */
export async function* benchmarkQuestions(
  rows: AsyncIterable<Row>,
  { source, references, check }: QuestionSettings,
): AsyncGenerator<Selected, DataCounts> {
  const { kind: name = "", columns, skip, examples = Infinity } = source;
  const kind = benchmarkKind(name);
  const reader = new QuestionReader(kind, columns);
  const all: { readonly record: Prompt; readonly place: RowPlace }[] = [];
  for await (const row of rows) {
    if (all.length >= MOST_QUESTIONS) throw tooMany(row.place);
    all.push({ record: reader.read(row), place: row.place });
  }
  const answers = references === undefined ? undefined : await referenceAnswers(references, all);
  const most = source.shuffle === undefined ? examples : Infinity;
  const used = all.slice(skip, skip + most);
  for (const { record, place } of used) {
    checkQuestion(record, place, check);
    yield { record: withReferences(record, kind, answers), place, isValidation: false };
  }
  return { read: used.length, used: used.length, validation: 0, unusable: {} };
}

/** Reads questions one by one, and remembers their ids. */
export class QuestionReader {
  private readonly kind: BenchmarkKind;
  private readonly columns: ColumnMap | undefined;
  private readonly seen = new Map<string, RowPlace>();
  private hasIds: boolean | undefined;

  constructor(kind: BenchmarkKind, columns?: ColumnMap) {
    this.kind = kind;
    this.columns = columns;
  }

  /** @throws {DataError} naming place, field and remedy. */
  read(row: Row): Prompt {
    const { id, ...question } = this.questionOf(row);
    this.hasIds ??= id !== undefined;
    if (this.hasIds !== (id !== undefined)) {
      const remedy = "give every question an id, or none of them";
      throw new DataError(`has ${id === undefined ? "no" : "a"} question_id, unlike those before it`, {
        ...row.place,
        remedy,
      });
    }
    const questionId = id ?? this.seen.size;
    const other = this.seen.get(String(questionId));
    this.seen.set(String(questionId), row.place);
    if (other === undefined) return { ...question, questionId };
    const what = `has the id ${JSON.stringify(questionId)} of ${placeText(other)}`;
    throw new DataError(what, { ...row.place, remedy: "give every question an id of its own" });
  }

  private questionOf(row: Row): Prompt & { readonly id: QuestionId | undefined } {
    const { kind, columns } = this;
    const schema = kind.schemaOf?.(row.fields);
    if (schema === undefined) {
      const id = row.fields["question_id"];
      const record = recordOf(row, "prompts", columns);
      if (questionText(record.prompt).trim() === "") throw misfit(row.place, ["prompt"], "must not be empty", kind);
      return { ...record, id: typeof id === "number" || typeof id === "string" ? id : undefined };
    }
    const read = schema.safeParse(row.fields);
    if (!read.success) throw misfitOf(read.error, row.place, kind);
    const [prompt = "", ...followUps] = read.data.turns;
    const { id, category } = read.data;
    return {
      id,
      prompt,
      ...(category !== undefined && { category }),
      ...(followUps.length > 0 && { followUps }),
    };
  }
}

/** Texts of reference answers by question. */
type References = ReadonlyMap<string, readonly string[]>;

async function referenceAnswers(file: string, questions: readonly { readonly record: Prompt }[]): Promise<References> {
  const known = new Set(questions.map(({ record }) => String(record.questionId)));
  const found = new Map<string, readonly string[]>();
  for await (const { fields, place } of fileRows(file)) {
    const read = referenceSchema.safeParse(fields);
    if (!read.success) throw misfitOf(read.error, place, { fields: '{"question_id", "choices": [{"turns"}]}' });
    const { question_id: id, choices } = read.data;
    const name = String(id);
    if (!known.has(name)) {
      const remedy = "name the references of this benchmark, or leave the line out";
      throw new DataError(`is an answer to question ${JSON.stringify(id)}, which is not asked`, { ...place, remedy });
    }
    if (found.has(name)) {
      const what = `is a second answer to question ${JSON.stringify(id)}`;
      throw new DataError(what, { ...place, remedy: "keep one of the two" });
    }
    found.set(name, choices[0]?.turns ?? []);
  }
  return found;
}

function withReferences(record: Prompt, kind: BenchmarkKind, answers: References | undefined): Prompt {
  const references = answers?.get(String(record.questionId));
  if (references === undefined || kind.usesReference?.(record.category) === false) return record;
  return { ...record, references };
}

/** Shows every turn of a question to a view that knows how a model sees it. */
function checkQuestion({ prompt, followUps = [] }: Prompt, place: RowPlace, check: Check | undefined): void {
  if (check === undefined) return;
  let asked: Question = prompt;
  for (const turn of [undefined, ...followUps]) {
    // Whatever the answer will be, the template must let the conversation go on.
    if (turn !== undefined) asked = nextTurn(asked, "…", turn);
    const found = check({ prompt: asked }, place);
    if (found !== undefined) throw new DataError(found.what, { ...place, remedy: found.remedy });
  }
}

/** A conversation that goes on: what was answered, and what the user says then. */
export function nextTurn(question: Question, answer: string, said: string): readonly Message[] {
  return [...asTurns(question), { role: "assistant", content: answer }, { role: "user", content: said }];
}

function misfitOf({ issues }: z.ZodError, place: RowPlace, kind: Pick<BenchmarkKind, "fields">): DataError {
  const [issue] = issues;
  return misfit(place, issue?.path ?? [], issue?.message ?? "does not fit", kind);
}

function misfit(
  place: RowPlace,
  path: readonly PropertyKey[],
  message: string,
  { fields }: Pick<BenchmarkKind, "fields">,
): DataError {
  const field = path.map(String).join(".");
  return new DataError(`field ${field}: ${message}`, { ...place, remedy: `a question is ${fields}` });
}

function placeText({ line, row }: RowPlace): string {
  return line === undefined ? `row ${row ?? 0}` : `line ${line}`;
}

function tooMany(place: RowPlace): DataError {
  const remedy = "name the file of a benchmark; training data is none";
  return new DataError(`holds more than ${MOST_QUESTIONS} questions`, { ...place, remedy });
}
