import * as z from "zod";
import { type BenchmarkKind, questionId, said } from "./benchmark.ts";

/** Sampling temperatures by category: FastChat's `temperature_config`, and 0.7 for a category that it does not know. */
const TEMPERATURES: ReadonlyMap<string, number> = new Map([
  ["writing", 0.7],
  ["roleplay", 0.7],
  ["stem", 0.1],
  ["humanities", 0.1],
  ["math", 0],
  ["coding", 0],
  ["reasoning", 0],
  ["extraction", 0],
]);
const OTHER_TEMPERATURE = 0.7;

/** Categories that are judged with a reference answer: FastChat's `NEED_REF_CATS`. */
const REFERENCED: ReadonlySet<string> = new Set(["math", "reasoning", "coding"]);

/**
 * A question. The published file has a `reference` on some, which FastChat's pairwise judging passes over, too: judges
 * are shown those of a file of answers.
 */
const question = z
  .object({ question_id: questionId, category: z.string(), turns: z.array(said).min(1).max(2) })
  .transform(({ question_id: id, category, turns }) => ({ id, category, turns }));

const FASTCHAT = {
  site: "github",
  repository: "lm-sys/FastChat",
  commit: "0e6d3e4beaab66f4d3f93db72541a4abab8af28d",
} as const;
const DATA = "fastchat/llm_judge/data/mt_bench";

/** MT-Bench (Zheng et al. 2023, arXiv:2306.05685): 80 questions of two turns. */
export const mtBench = {
  name: "mt-bench",
  title: "MT-Bench",
  description: "MT-Bench's question.jsonl, or one like it: two turns, temperatures by category",
  fields: '{"question_id", "category", "turns": [two texts]}',
  turns: 2,
  takesReferences: true,
  schemaOf: () => question,
  usesReference: (category = "") => REFERENCED.has(category),
  temperature: (category = "") => TEMPERATURES.get(category) ?? OTHER_TEMPERATURE,
  published: {
    licence: "Apache-2.0",
    config: { kind: "mt-bench", from: "question.jsonl", references: "reference_answer/gpt-4.jsonl" },
    files: [
      {
        ...{ file: "question.jsonl", ...FASTCHAT, path: `${DATA}/question.jsonl`, bytes: 48_929 },
        sha256: "119565adbab82227089cefdb44c8d7e2cf04dc0a0ec233634c82e7d4e2a944f7",
      },
      {
        ...{ file: "reference_answer/gpt-4.jsonl", ...FASTCHAT, path: `${DATA}/reference_answer/gpt-4.jsonl` },
        bytes: 51_109,
        sha256: "f957a5bc977badb66885ec970e6cd08527845780313f0995764260e5777b9b3f",
      },
    ],
  },
} as const satisfies BenchmarkKind;
