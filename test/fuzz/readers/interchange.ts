import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fetchPublished } from "../../../engine/data/published.ts";
import { answersIn, questionsIn } from "../../../engine/pipeline/interchange/files.ts";
import { tablesOfJudgments } from "../../../engine/pipeline/interchange/readJudgments.ts";
import { readQuestions } from "../../../engine/storage/formats/questions.ts";
import { collect } from "../../engine/storage/temporaryFolder.ts";
import { type FuzzPlace, type Reader, jsonFiles, jsonLines } from "../reader.ts";

const OURS = ["DataError", "DiskError"];
const MT = { question_id: 1, category: "math", turns: ["a", "b"], reference: ["c"] };
const ARENA = { uid: "1", category: "c", cluster: "d", prompt: "a" };
const REFERENCE = {
  question_id: 1,
  answer_id: "x",
  model_id: "m",
  choices: [{ index: 0, turns: ["a", "b"] }],
  tstamp: 1,
};
const ALPACA = { instruction: "a", output: "b", generator: "m", dataset: "koala" };
const NEW_ANSWER = {
  uid: 1,
  model: "m",
  messages: [
    { role: "user", content: "a" },
    { role: "assistant", content: { answer: "b" } },
    { role: "assistant", content: "c" },
  ],
};
const PAIR = {
  ...{ question_id: 1, model_1: "a", model_2: "b", g1_winner: "model_1", g2_winner: "tie", judge: ["j", "pair-v2"] },
  ...{ g1_user_prompt: "p", g1_judgment: "[[A]]", g2_user_prompt: "p", g2_judgment: "[[C]]", turn: 2, tstamp: 1 },
};
const GRADE = {
  question_id: 1,
  model: "a",
  judge: ["j", "single-v1"],
  user_prompt: "p",
  judgment: "[[5]]",
  score: 5,
  turn: 1,
  tstamp: 1,
};
const game = { score: "A>>B", judgment: { answer: "[[A>>B]]" }, prompt: [{ role: "user", content: "p" }] };
const SINCE = {
  uid: "1",
  category: "c",
  judge: "j",
  model: "m",
  baseline: "b",
  games: [game, { ...game, score: null }],
};
const old = { score: "B>A", judgment: "[[B>A]]", user_prompt: "p" };
const BEFORE = { question_id: "1", judge: "j", model: "m", games: [old, old] };

/** Files that other people's tools wrote, or that were fetched. */
export const INTERCHANGE: readonly Reader[] = [
  {
    name: "benchmarkQuestions",
    corpus: [jsonLines(MT, { ...MT, question_id: 2 }), jsonLines(ARENA), jsonLines({ prompt: "a", question_id: "x" })],
    errors: OURS,
    read: async (input: Buffer, place: FuzzPlace): Promise<void> => {
      const file = place.write("question.jsonl", input);
      for (const kind of ["mt-bench", "arena-hard", "ultrafeedback", "alpaca-eval", "prompts"]) {
        try {
          const questions = await questionsIn({ file, kind });
          assert.equal(new Set(questions.map(({ questionId }) => String(questionId))).size, questions.length);
        } catch (error) {
          assert.ok(error instanceof Error && OURS.includes(error.name), String(error));
        }
      }
    },
  },
  {
    name: "benchmarkReferences",
    corpus: [jsonLines(REFERENCE)],
    errors: OURS,
    read: async (input: Buffer, place: FuzzPlace): Promise<void> => {
      const questions = place.write("question.jsonl", jsonLines(MT));
      const references = place.write("references.jsonl", input);
      const [question] = await questionsIn({ file: questions, kind: "mt-bench", references });
      for (const text of question?.references ?? []) assert.ok(text.trim() !== "");
    },
  },
  {
    name: "modelAnswers",
    corpus: [
      jsonLines(REFERENCE),
      jsonLines({ ...REFERENCE, choices: [{ index: 0, turns: [{ content: "a" }, { content: "b" }] }] }),
      jsonLines(NEW_ANSWER),
    ],
    errors: OURS,
    read: async (input: Buffer, place: FuzzPlace): Promise<void> => {
      const file = place.write("answers.jsonl", input);
      const { byQuestion } = await answersIn(file, [{ questionId: 1, prompt: "a", followUps: ["b"] }]);
      for (const { turns } of byQuestion.values()) assert.equal(turns.length, 2);
    },
  },
  {
    name: "alpacaAnswers",
    corpus: jsonFiles([ALPACA]),
    errors: OURS,
    read: async (input: Buffer, place: FuzzPlace): Promise<void> => {
      const { byQuestion } = await answersIn(place.write("answers.json", input), [{ questionId: 1, prompt: "a" }]);
      for (const { turns } of byQuestion.values()) assert.equal(turns.length, 1);
    },
  },
  {
    name: "foreignJudgments",
    corpus: [jsonLines(PAIR, { ...PAIR, question_id: 2 }), jsonLines(SINCE), jsonLines(BEFORE), jsonLines(GRADE)],
    errors: OURS,
    read: async (input: Buffer, place: FuzzPlace): Promise<void> => {
      const tables = await tablesOfJudgments([place.write("judgments.jsonl", input)]);
      for (const { columns, rows } of tables) for (const row of rows) assert.equal(row.length, columns.length);
    },
  },
  {
    name: "preparedQuestions",
    corpus: [jsonLines({ questionId: 1, prompt: "a", category: "c", followUps: ["b"], references: ["c", "d"] })],
    errors: OURS,
    read: async (input: Buffer, place: FuzzPlace): Promise<void> => {
      for (const { questionId } of await collect(readQuestions(place.write("rows.jsonl", input)))) {
        assert.ok(questionId !== undefined);
      }
    },
  },
  {
    name: "fetchedFiles",
    corpus: jsonFiles({ files: [{ file: "a.jsonl", from: "hf:o/n@c/a.jsonl", sha256: "0".repeat(64), bytes: 3 }] }),
    errors: OURS,
    read: async (input: Buffer, place: FuzzPlace): Promise<void> => {
      const folder = join(place.folder, "fetched");
      mkdirSync(folder, { recursive: true });
      place.write("fetched/fetched.json", input);
      const environment = { endpoint: "http://127.0.0.1:1", cache: folder, isOffline: true, token: undefined };
      const published = { licence: "", config: {}, files: [] };
      assert.deepEqual(await fetchPublished({ name: "x", title: "X", published }, { folder, environment }), []);
    },
  },
];
