import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { browse } from "../../../engine/data/index.ts";
import { readySource } from "../../../engine/data/sources.ts";
import { AS_IT_IS, type DataSource } from "../../../engine/data/source.ts";
import { DataError } from "../../../engine/protocol/errors.ts";
import type { Prompt } from "../../../engine/storage/datasets.ts";
import { readQuestions } from "../../../engine/storage/formats/questions.ts";
import { collect, inTemporaryFolder } from "../storage/temporaryFolder.ts";

const lines = (records: readonly object[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join("");
const WRITING = { question_id: 81, category: "writing", turns: ["Write a poem", "Make it rhyme"] };
const MATH = { question_id: 121, category: "math", turns: ["2 + 2?", "Doubled?"], reference: ["5", "10"] };
const answer = (id: number, ...turns: readonly string[]): object => ({
  question_id: id,
  answer_id: "x",
  model_id: "gpt-4",
  choices: [{ index: 0, turns }],
  tstamp: 1,
});

interface Given {
  readonly text: string;
  readonly source?: Partial<DataSource>;
  /** Content of the file of references. */
  readonly references?: string;
}

async function questionsOf({ text, source, references }: Given): Promise<readonly Prompt[]> {
  return inTemporaryFolder(async (folder) => {
    const from = path.join(folder, "question.jsonl");
    await fs.writeFile(from, text);
    const answers = path.join(folder, "gpt-4.jsonl");
    if (references !== undefined) await fs.writeFile(answers, references);
    const { file } = await readySource(
      {
        ...AS_IT_IS,
        ...{ from, kind: "mt-bench", unusable: "drop", ...source },
        ...(references !== undefined && { references: answers }),
      } as Parameters<typeof readySource>[0],
      { root: path.join(folder, ".salsa"), kind: "prompts" },
    );
    return collect(readQuestions(file));
  });
}

/** The refusal, as `name:line: what is wrong`. */
async function refusal(given: Given): Promise<string> {
  try {
    await questionsOf(given);
  } catch (error) {
    assert.ok(error instanceof DataError, String(error));
    assert.ok(error.remedy.length > 10);
    return `${path.basename(error.file)}:${String(error.line)}: ${error.what}`;
  }
  return "none";
}

describe("questions of benchmarks", () => {
  it("of MT-Bench have ids, categories, later turns, and references of the judge's categories", async () => {
    const references = lines([answer(121, "4", "8"), answer(81, "Roses", "Red")]);
    const [writing, math] = await questionsOf({ text: lines([WRITING, MATH]), references });
    assert.deepEqual(writing, {
      ...{ questionId: 81, category: "writing", prompt: "Write a poem" },
      followUps: ["Make it rhyme"],
    });
    assert.deepEqual(math?.references, ["4", "8"]);
    const [, plain] = await questionsOf({ text: lines([WRITING, MATH]) });
    assert.equal(plain?.references, undefined, "what stands in the question's file is not shown, as in FastChat");
  });

  it("of Arena-Hard come in both forms, and AlpacaEval's are numbered by their place, in an array, too", async () => {
    const before = { question_id: "b", category: "c", turns: [{ content: "Old" }] };
    const arena = lines([before, { uid: "s", category: "c", prompt: "New" }]);
    const asked = await questionsOf({ text: arena, source: { kind: "arena-hard" } });
    assert.deepEqual(
      asked.map(({ questionId, prompt }) => [questionId, prompt]),
      [
        ["b", "Old"],
        ["s", "New"],
      ],
    );
    const text = JSON.stringify(["One", "Two", "One"].map((instruction) => ({ instruction, dataset: "koala" })));
    const alpaca = await questionsOf({ text, source: { kind: "alpaca-eval", skip: 1 } });
    assert.deepEqual(alpaca, [
      { questionId: 1, category: "koala", prompt: "Two" },
      { questionId: 2, category: "koala", prompt: "One" },
    ]);
  });

  it("of one's own may have ids, and references", async () => {
    const own = { prompt: "Hi", question_id: "x", category: "c", reference: "Ho", other: 1 };
    const source = { kind: "prompts" } as const;
    assert.deepEqual(await questionsOf({ text: lines([own]), source }), [
      { questionId: "x", category: "c", reference: "Ho", prompt: "Hi" },
    ]);
    const messages = [{ role: "user", content: "Hi" }];
    assert.deepEqual(await questionsOf({ text: lines([{ messages }]), source }), [{ questionId: 0, prompt: messages }]);
  });

  it("are refused with file, line and field", async () => {
    const own = { kind: "prompts" } as const;
    const mistakes: readonly (readonly [Given, string])[] = [
      [{ text: lines([WRITING, { ...MATH, question_id: "81" }]) }, 'question.jsonl:2: has the id "81" of line 1'],
      [
        { text: lines([WRITING, { ...MATH, question_id: undefined }]) },
        "question.jsonl:2: field question_id: must be a number or a text",
      ],
      [{ text: lines([{ ...MATH, turns: ["2 + 2?", ""] }]) }, "question.jsonl:1: field turns.1: must not be empty"],
      [
        { text: lines([{ prompt: "a", question_id: 1 }, { prompt: "b" }]), source: own },
        "question.jsonl:2: has no question_id, unlike those before it",
      ],
      [{ text: lines([{ prompt: " " }]), source: own }, "question.jsonl:1: field prompt: must not be empty"],
      [
        { text: lines([MATH]), references: lines([answer(121, "4", "8"), answer(122, "1")]) },
        "gpt-4.jsonl:2: is an answer to question 122, which is not asked",
      ],
      [
        { text: lines([MATH]), references: lines([answer(121, "4", "8"), answer(121, "4", "8")]) },
        "gpt-4.jsonl:2: is a second answer to question 121",
      ],
      [
        { text: lines([MATH]), references: lines([answer(121, "4", " ")]) },
        "gpt-4.jsonl:1: field choices.0.turns.1: must not be empty",
      ],
    ];
    for (const [given, message] of mistakes) assert.equal(await refusal(given), message);
  });

  it("show in a preview what is wrong, row by row", () =>
    inTemporaryFolder(async (folder) => {
      const from = path.join(folder, "question.jsonl");
      await fs.writeFile(from, lines([WRITING, { ...MATH, turns: [] }, { ...MATH, question_id: 81 }, MATH]));
      const source = { ...AS_IT_IS, from, kind: "mt-bench", unusable: "drop" } as Parameters<typeof browse>[0];
      const rows = await collect((await browse(source, { kind: "prompts" })).rows());
      const problems = rows.map(({ problem }) => problem?.replace(/[:;].*/, ""));
      assert.deepEqual(problems, [undefined, "field turns", "has the id 81 of line 1", undefined]);
    }));
});
