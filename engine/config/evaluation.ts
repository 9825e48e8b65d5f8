import * as z from "zod";
import { JUDGES } from "../evaluation/judges/index.ts";
import { contestantSchema } from "./contestants.ts";
import { defaultJudge } from "./judging.ts";
import {
  choiceAmong,
  count,
  modelName,
  nonNegative,
  optionalSetting,
  requiredSetting,
  section,
  setting,
  withSnippets,
} from "./setting.ts";
import { PAIR_SNIPPETS } from "./snippets.ts";
import { byTask } from "./task.ts";

/** Longest answer where neither config nor task says one, tokens. */
export const LONGEST_ANSWER = 1024;

const fastchat = "FastChat llm_judge";

/** All members of a union in one. */
type Merged<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer All) => void ? All : never;

/** Settings of all judges: each has its own, and those that share one share its schema. */
const ofJudges = Object.assign({}, ...JUDGES.map(({ settings }) => settings)) as Merged<
  (typeof JUDGES)[number]["settings"]
>;

const sampling = section(
  {
    temperature: setting(nonNegative(), 0.7, {
      description: "Divides the logits; 0 takes the likeliest token",
      source: fastchat,
    }),
    topK: setting(count(0), 0, {
      description: "Sample among this many likeliest tokens; 0 means all",
      unit: "tokens",
      source: fastchat,
    }),
    topP: setting(z.number().positive().max(1), 1, {
      description: "Sample among the likeliest tokens that together have this probability",
      source: fastchat,
    }),
    maxNewTokens: optionalSetting(count(), {
      description: "Longest answer",
      unit: "tokens",
      otherwise: `${byTask("maxNewTokens")} for a model made for the built-in task, else ${LONGEST_ANSWER} (FastChat llm_judge)`,
    }),
  },
  "How answers are sampled",
);

const priceSchema = section(
  {
    input: requiredSetting(nonNegative(), {
      description: "Price of what it reads",
      unit: "US dollars per million tokens",
    }),
    output: requiredSetting(nonNegative(), {
      description: "Price of what it writes",
      unit: "US dollars per million tokens",
    }),
  },
  "Price of a model",
);

/** Comparisons to make, their benchmarks, and their judge. */
export const evaluationSchema = section(
  {
    benchmarks: optionalSetting(z.array(modelName()).min(1), {
      description: "Benchmarks to run: the task's inDistribution and outOfDistribution, or names in data.benchmarks",
      otherwise: "all there are",
    }),
    prompts: setting(count(), 1024, {
      description: "Comparisons per pair and benchmark",
      unit: "prompts",
      source: "this project's prototype",
    }),
    validationPrompts: setting(count(0), 256, {
      description:
        "Prompts of the validation split, on which β is chosen where a list is given; never used for the table",
      unit: "prompts",
      source: "this project",
    }),
    judge: optionalSetting(choiceAmong(JUDGES), {
      description: "Judge that decides comparisons",
      otherwise: `${defaultJudge({ hasGold: true })} with a task, else ${defaultJudge({ hasGold: false })}`,
    }),
    ...ofJudges,
    contestants: optionalSetting(z.record(modelName(), contestantSchema), {
      description:
        "Models of OpenAI-compatible servers, or of the editor's, that answer the benchmarks, too, and files of answers, by the names that pairs use",
      otherwise: "none",
    }),
    prices: optionalSetting(z.record(z.string().min(1).max(200), priceSchema), {
      description: "Prices of models, by the names that their servers know",
      otherwise: "models on this machine cost nothing; of others, the cost is not known",
    }),
    budget: optionalSetting(nonNegative(), {
      description:
        "Most that servers may cost, for judging and answering, over all attempts at a run; the run stops before a call that might go beyond it, and its table has what is judged so far",
      unit: "US dollars",
      otherwise: "no limit",
    }),
    pairs: optionalSetting(withSnippets(z.array(z.tuple([modelName(), modelName()])).min(1), PAIR_SNIPPETS), {
      description: "Models to compare, each pair as [ours, theirs]; win rates are of the first",
      otherwise: "every later arm against the first, and every arm against its start",
    }),
    sampling: sampling.prefault({}).meta({ description: "How answers are sampled" }),
  },
  "Models to compare, benchmarks and the judge",
);
