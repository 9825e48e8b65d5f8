import * as z from "zod";
import { DECLARED_TRAINERS, FIRST_TRAINER, type TrainerName } from "../cluster/declaredTrainers.ts";
import type { TrainedKind } from "./trainedKinds.ts";
import { choice, count, optionalSetting, section, setting, withSnippets } from "./setting.ts";

const forAll = {
  auto: `this engine where a stage fits on one card, else ${FIRST_TRAINER.title}; salsa plan says which and why`,
  own: "this engine, one card a stage",
};

/** A choice of who trains a kind of stage. */
export type TrainerUse = keyof typeof forAll | TrainerName;

/** Names of the trainers that a stage may be sent to. */
export const TRAINER_NAMES: readonly TrainerName[] = DECLARED_TRAINERS.map(({ name }) => name);

/** True for the name of a trainer, and no other choice. */
export function isTrainerName(use: string): use is TrainerName {
  return TRAINER_NAMES.some((name) => name === use);
}

/** Meanings of the choices that have a program for a kind of stage, or for any. */
function usesFor(kind?: TrainedKind): Readonly<Record<TrainerUse, string>> {
  const able = DECLARED_TRAINERS.filter(({ kinds }) => kind === undefined || kinds.includes(kind));
  const named = Object.fromEntries(able.map(({ name, meaning }) => [name, meaning]));
  return { ...forAll, ...(named as Record<TrainerName, string>) };
}

const uses = usesFor();

const kindUse = (kind: TrainedKind, work: string): z.ZodDefault<z.ZodType<TrainerUse>> =>
  setting(choice(usesFor(kind)), "auto", { description: `Program that trains ${work}`, source: "this project" });

const usesByKind = section(
  {
    sft: kindUse("sft", "SFTs"),
    reward: kindUse("reward", "reward models"),
    rlhf: kindUse("rlhf", "policies by PPO"),
  } satisfies Record<TrainedKind, unknown>,
  "Program by kind of stage",
);

/** One word for all kinds, or one for each. The object stands first, as mistakes are explained by the first form that may be meant. */
const anyUse = withSnippets(z.union([usesByKind, choice(uses)]).meta({ meanings: uses }), [
  {
    label: "By kind of stage",
    description: "This engine trains SFTs and reward models, OpenRLHF policies",
    body: { sft: "own", reward: "own", rlhf: "openrlhf" },
  },
]);

/** Most machines and cards that a stage may have. */
const [MOST_NODES, MOST_CARDS] = [1024, 64];

/** The trainer of what does not fit on one card, and its cards. */
export const trainerSchema = section(
  {
    use: setting(anyUse, "auto", {
      description:
        'Program that trains SFTs, reward models and policies: one word for all, or by kind of stage, such as { "rlhf": "openrlhf" }',
      source: "this project: what fits on one card needs nothing else",
    }),
    nodes: setting(count().max(MOST_NODES), 1, {
      description: "Machines that a stage of another trainer may take",
      unit: "machines",
      source: "this project",
    }),
    cardsPerNode: setting(count().max(MOST_CARDS), 8, {
      description: "Cards of each of them",
      unit: "cards",
      source: "OpenRLHF 0.11, train_ppo_ray.py",
    }),
    cardMemory: setting(z.number().positive().max(10_000), 80, {
      description: "Memory of a card, for the planner",
      unit: "GB",
      source: "this project: A100 and H100",
    }),
    microBatchSize: setting(count(), 1, {
      description: "Sequences that a card works on at a time; changes memory and pace, not what is learned",
      unit: "sequences",
      source: "OpenRLHF 0.11, train_ppo_ray.py",
    }),
    tensorParallel: optionalSetting(count().max(MOST_CARDS), {
      description: "Cards that hold one copy of the policy between them while it is sampled from (vLLM)",
      unit: "cards",
      otherwise: "as few as hold its weights",
    }),
    samplingMemory: setting(z.number().min(0.05).max(0.95), 0.5, {
      description: "Share of a card's memory that sampling takes (vLLM), while training sleeps",
      source: "this project",
    }),
    offload: setting(z.boolean(), false, {
      description: "Keep Adam's moments in the machines' memory: a third of the cards, and slower steps",
      source: "OpenRLHF 0.11",
    }),
    attention: setting(z.string().regex(/^[\w./-]{1,100}$/), "flash_attention_2", {
      description:
        "Implementation of attention, as transformers names it; sequences are packed with flash_attention only",
      source: "OpenRLHF 0.11",
    }),
    savePolicies: setting(z.boolean(), false, {
      description: "Keep the model of every checkpoint as a Hugging Face folder, beside what a run resumes from",
      source: "OpenRLHF 0.11, where it is off",
    }),
    saveCritic: setting(z.boolean(), false, {
      description: "Keep the critic of PPO as a Hugging Face folder",
      source: "OpenRLHF 0.11, where it is off",
    }),
  },
  "Program that trains models too large for one card, and its cards",
);

/** Settings of the trainer of large stages. */
export type TrainerConfig = Readonly<z.output<typeof trainerSchema>>;

/** The setting as the section of the cluster has it. */
export const trainerSetting = trainerSchema
  .prefault({})
  .meta({ description: "Program that trains models too large for one card, and its cards" });

/** The choice of who trains a kind of stage, and the trainer that is asked for and has no program for it. */
export interface KindUse {
  readonly use: TrainerUse;
  readonly lacking?: TrainerName;
}

/** The choice of who trains a kind of stage: as the config has it, but "auto" where it names a trainer for all kinds that lacks this one. */
export function useOf({ use }: Pick<TrainerConfig, "use">, kind: TrainedKind): KindUse {
  const asked = typeof use === "string" ? use : use[kind];
  const named = DECLARED_TRAINERS.find(({ name }) => name === asked);
  if (named === undefined || named.kinds.includes(kind)) return { use: asked };
  return { use: "auto", lacking: named.name };
}
