import * as z from "zod";
import { type BenchmarkKind, said } from "./benchmark.ts";

const question = z
  .object({ instruction: said, dataset: z.string().optional() })
  .transform(({ instruction, dataset }) => ({ category: dataset, turns: [instruction] }));

/** AlpacaEval's prompts (Dubois et al. 2024, arXiv:2404.04475): 805 instructions of five data sets, without ids. */
export const alpacaEval = {
  name: "alpaca-eval",
  title: "AlpacaEval",
  description: "AlpacaEval's alpaca_eval.json, or any model's outputs: instruction, dataset",
  fields: '{"instruction", "dataset"?}',
  turns: 1,
  takesReferences: false,
  schemaOf: () => question,
  published: {
    licence: "CC BY-NC 4.0",
    config: { kind: "alpaca-eval", from: "gpt4_1106_preview.json" },
    files: [
      {
        // The prompts, with the baseline's answers to them.
        ...{ file: "gpt4_1106_preview.json", site: "github", repository: "tatsu-lab/alpaca_eval" },
        commit: "cd543a149df89434d8a54582c0151c0b945c3d20",
        path: "results/gpt4_1106_preview/model_outputs.json",
        bytes: 1_899_765,
        sha256: "83db546b872ddebee8965fd05fa48461ee3c32bc695c62fb57f2d214ff741ec4",
      },
    ],
  },
} as const satisfies BenchmarkKind;
