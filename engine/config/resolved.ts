import type * as z from "zod";
import type { JudgeName } from "../evaluation/judges/index.ts";
import type { Question } from "../protocol/conversation.ts";
import type { chatSchema } from "./chat.ts";
import type { benchmarkSchema, sourceSchema } from "./data.ts";
import type { evaluationSchema } from "./evaluation.ts";
import type { architectureSchema, modelSchema, pretrainSchema } from "./model.ts";
import type { halvingSchema } from "./halving.ts";
import type { LoraTarget, loraSchema } from "./lora.ts";
import type { rewardSchema } from "./reward.ts";
import type { rlhfSchema } from "./rlhf.ts";
import type { runtimeSchema } from "./runtime.ts";
import type { sftSchema } from "./sft.ts";
import type { Combinations } from "./sweeps/products.ts";
import type { SoupConfig } from "./soup.ts";
import type { taskSchema } from "./task.ts";

/** A run config with every default filled in, every name resolved and every path absolute. */
export interface RunConfig {
  readonly name: string;
  /** Base seeds: the whole recipe runs once per seed. */
  readonly seeds: readonly number[];
  /** Exactly one of task and data is there. */
  readonly task?: TaskConfig;
  readonly data?: DataConfig;
  /** Absent where everything is as the checkpoint says. */
  readonly chat?: ChatConfig;
  readonly model: BaseModelConfig;
  readonly sft: SftConfig;
  readonly reward: RewardConfig;
  readonly soups: Readonly<Record<string, SoupConfig>>;
  readonly arms: Readonly<Record<string, ArmConfig>>;
  /** Arms and soups that grids stand for, by name; absent without a grid. */
  readonly sweep?: Combinations;
  /** Absent where every arm is trained to its end. */
  readonly halving?: Readonly<z.output<typeof halvingSchema>>;
  readonly evaluation: EvaluationConfig;
  /** Of the file beside the config, see `TEST_PROMPTS_FILE`; absent where there are none. */
  readonly testPrompts?: readonly Question[];
  readonly runtime: RuntimeConfig;
}

export type { SoupConfig };
export type TaskConfig = Readonly<z.output<typeof taskSchema>>;
export type RuntimeConfig = Readonly<z.output<typeof runtimeSchema>>;
export type PretrainConfig = Readonly<z.output<typeof pretrainSchema>>;

type Chat = z.output<typeof chatSchema>;

/** Departures from the checkpoint's own chat template, and from a user's turn for every plain prompt. */
export interface ChatConfig {
  /** Absolute path. */
  readonly template?: string;
  readonly plainPrompts?: Exclude<Chat["plainPrompts"], "userTurn">;
  readonly date?: string;
}

/** A source of data, with an absolute path or the name of a data set on the hub; a path alone stands for all of a file. */
export type SourceConfig =
  | string
  | (Readonly<z.output<typeof sourceSchema>> & Readonly<Pick<Partial<Benchmark>, "kind" | "references">>);

type Benchmark = z.output<typeof benchmarkSchema>;

/** A benchmark, with absolute paths: a source whose questions may be of a kind. */
export type BenchmarkConfig = string | Readonly<Benchmark>;

/** Where data comes from. */
export interface DataConfig {
  readonly sft: SourceConfig;
  /** Absent where nothing is trained on them. */
  readonly preferences?: SourceConfig;
  readonly prompts: SourceConfig;
  readonly benchmarks: Readonly<Record<string, BenchmarkConfig>>;
}

/** A base model that is there already. */
export interface CheckpointConfig {
  /** Absolute path, or `hf:owner/name@revision`. */
  readonly checkpoint: string;
  /** Name with the commit, `hf:owner/name@commit`, of what the folder `checkpoint` holds: set when it is downloaded. */
  readonly pinned?: string;
}

/** The base model: read from a Hugging Face folder or the hub, or trained on the task's text. */
export type BaseModelConfig = {
  /** Type of saved checkpoints; absent for that of the base. */
  readonly saveAs?: SavedType;
} & (
  | (CheckpointConfig & { readonly lora?: LoraConfig })
  | { readonly architecture: ArchitectureConfig; readonly pretrain: PretrainConfig }
);

export type SavedType = Exclude<z.output<typeof modelSchema>["saveAs"], "asBase">;

/** Adapters that are trained in place of whole models. */
export type LoraConfig = Readonly<Omit<z.output<typeof loraSchema>, "targets">> & {
  /** In the order of a block's layers. */
  readonly targets: readonly LoraTarget[];
};

export type ArchitectureConfig = Readonly<Required<z.output<typeof architectureSchema>>> & {
  readonly nKvHeads: number;
  readonly intermediateSize: number;
};

/** How long a training lasts: passes over its data, or optimizer steps. */
export type Duration = { readonly epochs: number } | { readonly steps: number };

type Sft = z.output<typeof sftSchema>;

export type SftConfig = Readonly<Omit<Sft, "epochs" | "steps" | "examples">> & {
  /** Undefined for every line of the data. */
  readonly examples: number | undefined;
  readonly duration: Duration;
};

type Reward = z.output<typeof rewardSchema>;

export type RewardConfig = Readonly<Omit<Reward, "checkpoint" | "init" | "pairs">> & {
  /** Of a reward model that takes the place of training one, as of {@link CheckpointConfig}. */
  readonly checkpoint?: string;
  readonly pinned?: string;
  readonly init: string;
  /** Undefined for every line of the data. */
  readonly pairs: number | undefined;
};

type Rlhf = z.output<typeof rlhfSchema>;

/** One RLHF training: every PPO setting, with names of models that are there. */
export type RlhfConfig = Readonly<Omit<Rlhf, "init" | "reference" | "beta" | "maxNewTokens">> & {
  readonly maxNewTokens: number;
  readonly init: string;
  /** One name, or several whose KL is averaged (MKL). */
  readonly reference: readonly string[];
  readonly beta: number;
};

/** An arm: as many RLHF trainings as it has candidates for β. */
export type ArmConfig = Omit<RlhfConfig, "beta"> & {
  /** One value, or candidates of which the best on the validation split is kept. */
  readonly betas: readonly number[];
};

type Evaluation = z.output<typeof evaluationSchema>;

/** How tokens are drawn: temperature 0 is the likeliest, top-k 0 and top-p 1 are all. */
export interface SamplingConfig {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly maxNewTokens: number;
}

export type EvaluationConfig = Readonly<Omit<Evaluation, "benchmarks" | "judge" | "pairs" | "sampling">> & {
  readonly sampling: SamplingConfig;
  readonly benchmarks: readonly string[];
  /** Its own settings stand beside it, defaults filled in. */
  readonly judge: JudgeName;
  /** Names of models, ours first. */
  readonly pairs: readonly (readonly [ours: string, theirs: string])[];
};
