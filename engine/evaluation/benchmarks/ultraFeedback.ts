import * as z from "zod";
import { type BenchmarkKind, questionId, said } from "./benchmark.ts";

const question = z
  .object({ prompt_id: questionId, prompt: said })
  .transform(({ prompt_id: id, prompt }) => ({ id, turns: [prompt] }));

/** UltraFeedback's test split (Cui et al. 2023, arXiv:2310.01377), as H4 has binarized it: 2,000 prompts. */
export const ultraFeedback = {
  name: "ultrafeedback",
  title: "UltraFeedback",
  description: "UltraFeedback's test split, such as hf:HuggingFaceH4/ultrafeedback_binarized",
  fields: '{"prompt_id", "prompt"}',
  turns: 1,
  takesReferences: false,
  schemaOf: () => question,
  split: "test_prefs",
  published: {
    licence: "MIT",
    config: { kind: "ultrafeedback", from: "test_prefs.parquet" },
    files: [
      {
        // The hub says its hash, which is remembered.
        ...{ file: "test_prefs.parquet", site: "hub", repository: "HuggingFaceH4/ultrafeedback_binarized" },
        commit: "3949bf5f8c17c394422ccfab0c31ea9c20bdeb85",
        path: "data/test_prefs-00000-of-00001.parquet",
      },
    ],
  },
} as const satisfies BenchmarkKind;
