import * as z from "zod";
import { BENCHMARKS } from "../evaluation/benchmarks/index.ts";
import { COLUMNS, type ColumnName } from "./columns.ts";
import {
  choice,
  choiceAmong,
  count,
  filePath,
  modelName,
  nonNegative,
  optionalSetting,
  requiredSetting,
  section,
  seed,
  setting,
  withSnippets,
} from "./setting.ts";

/** Treatment of records of no use. */
const unusable = choice({
  drop: "leave them out; plan, log and report count them by reason",
  refuse: "stop at the first, with its file and line",
  keep: "use them all the same, and count them; those that would end a training in the middle are still errors",
});

/** Most of a source that may be kept back from training. */
const MOST_KEPT_BACK = 0.5;

const columnsSchema = section(
  Object.fromEntries(
    COLUMNS.map((name) => [
      name,
      optionalSetting(z.string().min(1), {
        description: `Column of the data that stands for ${name}; a.b is b within a`,
        otherwise: "recognised by the layout",
      }),
    ]),
  ) as Record<ColumnName, z.ZodOptional<z.ZodString>>,
  "Columns of the data, where its layout is none that is recognised; all others are left alone",
).meta({ id: "columns" });

/** Settings of a source: rows from anywhere, and how they are chosen. */
const SOURCE = {
  from: requiredSetting(filePath(), {
    description: "File, folder, pattern such as data/*.jsonl.gz, or hf:owner/name@revision on the hub",
  }),
  config: optionalSetting(z.string().min(1), {
    description: "Part of a data set: the name of a folder, or the beginning of its files' names",
    otherwise: "all of it",
  }),
  split: optionalSetting(z.string().min(1), {
    description: "Split of a data set, such as train_sft",
    otherwise: "train where there is one, else all files if there are no splits",
  }),
  columns: columnsSchema.optional().meta({
    description: "Columns of the data, where its layout is none that is recognised",
    otherwise: "recognised by the layout",
  }),
  skip: setting(count(0), 0, { description: "Rows at the beginning to pass over", unit: "rows", source: "none" }),
  examples: optionalSetting(count(), { description: "Most records to use", unit: "records", otherwise: "all" }),
  shuffle: optionalSetting(seed(), {
    description: "Seed of the order of records, before examples are taken",
    otherwise: "the order of the files",
  }),
  validation: setting(z.number().min(0).max(MOST_KEPT_BACK), 0.05, {
    description: "Share of prompts kept back from training, by a hash of the prompt: no prompt is on both sides",
    source: "this project",
  }),
  unusable: setting(unusable, "drop", {
    description:
      "Treatment of duplicates, empty turns, two equal responses, prompts that are too long, examples of which no response token is left once cut, and text that the tokenizer mostly does not know",
    source: "this project",
  }),
};

/** One source of data. */
export const sourceSchema = section(SOURCE, "A source of data").meta({ id: "dataSource" }); // stands once in the JSON schema, and not at each of its uses

/** A benchmark: a source of questions, and how they are answered. */
export const benchmarkSchema = section(
  {
    kind: optionalSetting(choiceAmong(BENCHMARKS), {
      description:
        "Form of its questions, each of which is then used or refused by name: ids, turns, categories and temperatures go by it",
      otherwise: "prompts in any layout that is recognised, as in other sources",
    }),
    references: optionalSetting(filePath(), {
      description:
        "Reference answers for the judge, in the form of FastChat's answers, for the kind mt-bench; of those published, 13 of 30 are wrong",
      otherwise: "judged without",
    }),
    temperature: optionalSetting(nonNegative(), {
      description: "Divides the logits when the questions of a kind are answered; 0 takes the likeliest token",
      otherwise: "by category for mt-bench, as in FastChat; else evaluation.sampling.temperature",
    }),
    ...SOURCE,
  },
  "A benchmark",
).meta({ id: "benchmark" });

const SOURCE_SNIPPETS = [
  {
    label: "Data set on the hub",
    description: "Downloaded once into Hugging Face's cache, and read from there",
    body: { from: "hf:${1:owner/name}@${2:main}", split: "${3:train}" },
  },
  {
    label: "Files with columns of their own",
    description: "A file, a folder or a pattern, in JSON Lines, JSON or Parquet",
    body: { from: "${1:data/*.jsonl}", columns: { prompt: "${2:question}" } },
  },
];

const BENCHMARK_SNIPPETS = [
  {
    label: "MT-Bench",
    description: "Two turns, judged with reference answers",
    body: { kind: "mt-bench", from: "${1:question.jsonl}", references: "${2:reference_answer/gpt-4.jsonl}" },
  },
  {
    label: "Arena-Hard v0.1",
    description: "500 hard prompts",
    body: { kind: "arena-hard", from: "${1:question.jsonl}" },
  },
  {
    label: "UltraFeedback's test split",
    description: "2,000 prompts, from the hub",
    body: { kind: "ultrafeedback", from: "${1:hf:HuggingFaceH4/ultrafeedback_binarized@main}" },
  },
  ...SOURCE_SNIPPETS,
];

/** A path alone, whose every line is used in its order, or a source with settings. */
function source(): z.ZodUnion<readonly [z.ZodString, typeof sourceSchema]> {
  return withSnippets(z.union([filePath(), sourceSchema]), SOURCE_SNIPPETS);
}

/** A path alone, or a benchmark with settings. */
function benchmark(): z.ZodUnion<readonly [z.ZodString, typeof benchmarkSchema]> {
  return withSnippets(z.union([filePath(), benchmarkSchema]), BENCHMARK_SNIPPETS);
}

/** Your own data: files, folders, or data sets on the hub. */
export const dataSchema = section(
  {
    sft: requiredSetting(source(), {
      description: "SFT examples: {prompt, response}, {messages}, or a layout that is recognised",
    }),
    preferences: optionalSetting(source(), {
      description:
        "Reward-model pairs: {prompt, chosen, rejected, margin?}, where prompt may be messages, or a layout that is recognised",
      otherwise: "they must be given, unless reward.checkpoint is",
    }),
    prompts: requiredSetting(source(), {
      description: "RLHF prompts: {prompt} or {messages}, or a layout that is recognised",
    }),
    benchmarks: optionalSetting(
      z.record(
        modelName(),
        requiredSetting(benchmark(), {
          description:
            "Prompts of this benchmark: {prompt} or {messages}, or a layout that is recognised; or a kind and its file",
        }),
      ),
      {
        description: "Prompts to evaluate on, by benchmark name",
        otherwise: "none",
      },
    ),
  },
  "Your own data: files, folders, or data sets on the hub; give this or task",
);
