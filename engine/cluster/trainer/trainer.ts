import type { Complaint } from "../../config/complaint.ts";
import type { RewardConfig, RlhfConfig, RunConfig } from "../../config/resolved.ts";
import type { TrainedKind } from "../../config/trainedKinds.ts";
import type { DeclaredTrainer } from "./declaration.ts";
import type { TrainerJob } from "./job.ts";
import type { TrainingRequest } from "./request.ts";

/** Parts of a config that decide what a trainer cannot do. */
export type RefusedConfig = Pick<RunConfig, "model" | "chat" | "sft" | "reward" | "arms" | "runtime">;

/** Settings that decide which differences there are; those that a stage does not read may be left out. */
export interface DifferingSettings {
  readonly arm?:
    | Pick<RlhfConfig, "critic" | "ratioThreshold" | "valueCoefficient" | "whitenAdvantages" | "klKind">
    | undefined;
  readonly reward?: Pick<RewardConfig, "seeds">;
}

/** Settings of an arm that its metrics are computed with. */
export type PenaltySettings = Pick<RlhfConfig, "beta" | "scoreClip">;

/** A rollout that a trainer keeps for people: one an iteration, prompt and response as one text. */
export interface LoggedSample {
  readonly text: string;
  readonly score: number | null;
}

/**
 * Another program that trains stages on a cluster, as far as this one knows it: data and pure functions. A further one is a
 * folder with one of these, and its line in declaredTrainers.ts and in trainers.ts.
 */
export interface Trainer<N extends string = string> extends DeclaredTrainer<N> {
  /** Raised whenever the same stage would be given to it otherwise: results under other numbers never stand for each other. */
  readonly revision: number;
  /** Its name at PyPI, and what to install there. */
  readonly distribution: string;
  readonly requirement: string;
  /** Modules that its jobs import, with their names for people. */
  readonly modules: readonly (readonly [module: string, title: string])[];
  readonly memory: {
    /** Bytes a parameter of all models of a stage, which lie spread over its cards. */
    readonly perParameter: (kind: TrainedKind, offload: boolean) => number;
    /** True if PPO samples, and scores, on cards of their own; else all models take turns on the same ones. */
    readonly isApart: boolean;
  };
  readonly data: {
    /** False if SFT takes conversations alone. */
    readonly takesTexts: boolean;
    /** A text in a prompt that it takes for a picture. */
    readonly picture?: string;
    /** True if an SFT's step may reach from one pass into the next. */
    readonly carriesOver: boolean;
  };
  /** The models of checkpoints, below these: the folder, and their names with the step. */
  readonly policies: { readonly folder: string; readonly tag: RegExp };
  /** Everything in a config that it cannot do, of the kinds of stages that it is to train. */
  readonly refusals: (config: RefusedConfig, kinds: readonly TrainedKind[]) => readonly Complaint[];
  /**
   * Everything that it does otherwise in a stage of a kind: a run records it, and it stands under every table that such a
   * stage has gone into. Sentences without a full stop.
   */
  readonly differences: (kind: TrainedKind, settings?: DifferingSettings) => readonly string[];
  /** The metrics of a step by our names, from its scalars by tag. Whatever it alone has keeps its own name. */
  readonly metrics: (
    kind: TrainedKind,
    scalars: ReadonlyMap<string, number>,
    arm?: PenaltySettings,
  ) => Readonly<Record<string, number>>;
  /** The rollout in a text of its log; undefined where it is none. */
  readonly sampleOf: (written: string) => LoggedSample | undefined;
  /** A training as a job: its command line, and the files that it needs. */
  readonly job: (request: TrainingRequest) => TrainerJob;
}

/** "OpenRLHF 0.11.2". */
export function releaseOf({ title, version }: Pick<DeclaredTrainer, "title" | "version">): string {
  return `${title} ${version}`;
}

/** Stands for a trainer in the keys of what it has trained, where results of ours name the backend: the two never mix. */
export function identityOfTrainer({ name, revision, version }: Trainer): {
  readonly name: string;
  readonly revision: number;
  readonly build: string;
} {
  return { name, revision, build: version };
}

/** Tag of rollouts, as PyTorch's writer of texts has it. */
export const SAMPLES_TAG = "train/generated_samples/text_summary";
