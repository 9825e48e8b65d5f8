import * as z from "zod";
import { armsSchema } from "./arm.ts";
import { chatSchema } from "./chat.ts";
import { dataSchema } from "./data.ts";
import { evaluationSchema } from "./evaluation.ts";
import { halvingSchema } from "./halving.ts";
import { MOST_LISTED } from "./lists.ts";
import { modelSchema } from "./model.ts";
import { rewardSchema } from "./reward.ts";
import { rlhfSchema } from "./rlhf.ts";
import { runtimeSchema } from "./runtime.ts";
import { choice, modelName, optionalSetting, section, seed, setting } from "./setting.ts";
import { DATA_SNIPPETS } from "./snippets.ts";
import { sftSchema } from "./sft.ts";
import { soupsSchema } from "./soup.ts";
import { TASK_SNIPPETS, taskSchema } from "./task.ts";
import { PRESETS } from "./presets.ts";

type PresetName = (typeof PRESETS)[number]["name"];
const presets = Object.fromEntries(PRESETS.map(({ name, description }) => [name, description])) as Readonly<
  Record<PresetName, string>
>;

/** A run config as people write it. Add a section here; types, JSON schema, docs table and checks follow. */
export const runConfigSchema = section(
  {
    $schema: optionalSetting(z.string(), {
      description: "JSON schema for editors that look for it here",
      otherwise: "none",
    }),
    name: optionalSetting(modelName(), { description: "Name of the run", otherwise: "the file's name" }),
    preset: optionalSetting(choice(presets), {
      description: "Settings to start from; what else is written takes precedence",
      otherwise: "the defaults below",
    }),
    seeds: setting(z.array(seed()).min(1).max(MOST_LISTED), [1], {
      description: "The whole recipe runs once per base seed",
      source: "this project",
    }),
    task: taskSchema.optional().meta({
      description: "A built-in task that generates its data; give this or data",
      otherwise: "data must be given",
      snippets: TASK_SNIPPETS,
    }),
    data: dataSchema.optional().meta({
      description: "Your own data as JSON-lines files; give this or task",
      otherwise: "task must be given",
      snippets: DATA_SNIPPETS,
    }),
    chat: chatSchema.prefault({}).meta({ description: "How prompts and conversations are put to a model" }),
    model: modelSchema.prefault({}).meta({ description: "The base model that every SFT starts from" }),
    sft: sftSchema.prefault({}).meta({ description: "Supervised fine-tuning, once per seed" }),
    reward: rewardSchema.prefault({}).meta({ description: "The reward model, trained on preference pairs" }),
    soups: optionalSetting(soupsSchema, {
      description: "Soups by name",
      otherwise: 'one named "soup", the mean of every SFT',
    }),
    rlhf: rlhfSchema
      .prefault({})
      .meta({ description: "RLHF by PPO or DPO, for all arms unless an arm says otherwise" }),
    arms: optionalSetting(armsSchema, {
      description: "RLHF runs to compare, by name",
      otherwise: '"ppo", held to its start, and "salsa", held to the soup',
    }),
    halving: optionalSetting(halvingSchema, {
      description:
        "Successive halving of the arms that grids make: the worse half by validation is dropped, again and again",
      otherwise: "every combination is trained to its end",
    }),
    evaluation: evaluationSchema.prefault({}).meta({ description: "Models to compare, benchmarks and the judge" }),
    runtime: runtimeSchema.prefault({}).meta({ description: "Where and how the work runs" }),
  },
  "Run config of SALSA",
);

/** A config as written, with defaults filled in but nothing derived. */
export type WrittenConfig = z.output<typeof runConfigSchema>;

/** A config of which some sections may have been left out because they have errors of their own. */
export type PartialConfig = Partial<WrittenConfig>;
