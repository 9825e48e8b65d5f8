import * as z from "zod";
import { type BenchmarkKind, questionId, said } from "./benchmark.ts";

/** Until April 2025. */
const before = z
  .object({
    question_id: questionId,
    category: z.string().optional(),
    turns: z.array(z.object({ content: said })).length(1),
  })
  .transform(({ question_id: id, category, turns }) => ({ id, category, turns: turns.map(({ content }) => content) }));

const since = z
  .object({ uid: questionId, category: z.string().optional(), prompt: said })
  .transform(({ uid: id, category, prompt }) => ({ id, category, turns: [prompt] }));

const ARENA = {
  site: "github",
  repository: "lmarena/arena-hard-auto",
  commit: "196f6b826783b3da7310e361a805fa36f0be83f3",
} as const;

/** Arena-Hard v0.1 (Li et al. 2024, arXiv:2406.11939): 500 prompts, in both of the forms that they were published in. */
export const arenaHard = {
  name: "arena-hard",
  title: "Arena-Hard",
  description: "Arena-Hard v0.1's question.jsonl, in either of its forms: uid and prompt, or question_id and turns",
  fields: '{"uid", "prompt"} or {"question_id", "turns": [{"content"}]}',
  turns: 1,
  takesReferences: false,
  official: "arenaHard",
  published: {
    licence: "Apache-2.0",
    config: { kind: "arena-hard", from: "question.jsonl" },
    files: [
      {
        ...{ file: "question.jsonl", ...ARENA, path: "data/arena-hard-v0.1/question.jsonl", bytes: 272_075 },
        sha256: "2650242d2883f22b2abd498f273b6a7e02253cce533f5c91a858e1d44aa3002f",
      },
      {
        // The baseline's answers.
        ...{ file: "model_answer/gpt-4-0314.jsonl", ...ARENA, bytes: 1_270_631 },
        path: "data/arena-hard-v0.1/model_answer/gpt-4-0314.jsonl",
        sha256: "0f6abc84de4600fde987d9db70f838f4ecdbd27a2f1f4058c12aa322a6f791b2",
      },
    ],
  },
  schemaOf: (fields) => (Object.hasOwn(fields, "turns") ? before : since),
} as const satisfies BenchmarkKind;
