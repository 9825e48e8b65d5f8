import * as z from "zod";
import { CLUSTER_JOB_SETTINGS } from "./clusterJobs.ts";
import { optionalSetting, requiredSetting, section, setting, share, withSnippets } from "./setting.ts";
import { trainerSetting } from "./trainer.ts";

/** Kinds of stages that compute on a device, and so may run on a cluster, with what they do. */
const STAGE_KINDS = {
  base: "training of the base model",
  sft: "supervised fine-tuning",
  preferences: "making of preference pairs",
  reward: "training of the reward model",
  soup: "mixing of a soup",
  rlhf: "alignment by PPO",
  rung: "a part of alignment by PPO, up to a rung of halving (where left out, those of rlhf)",
  dpo: "alignment by DPO",
  answers: "answers to benchmarks and to the validation split",
} as const;

/** A kind of stage that may run on a cluster. */
export type ClusterStageKind = keyof typeof STAGE_KINDS;

const cpus = (): z.ZodNumber => z.number().positive().max(1024);

const STAGE_SNIPPETS = [
  {
    label: "Resources",
    description: "Processor cores and cards of this kind of stage",
    body: { cpus: "^${1:4}", gpus: "^${2:1}" },
  },
];

const stageResources = withSnippets(
  section(
    {
      cpus: optionalSetting(cpus(), {
        description: "Processor cores of a stage of this kind",
        unit: "cores",
        otherwise: "as in runtime.cluster.cpus",
      }),
      gpus: optionalSetting(share(), {
        description: "Cards of a stage of this kind; below 1 several share one",
        unit: "cards",
        otherwise: "as in runtime.cluster.gpus",
      }),
    },
    "Resources of one kind of stage",
  ),
  STAGE_SNIPPETS,
).meta({ id: "stageResources" }); // stands once in the JSON schema, and not at each of its uses

const perKind = Object.fromEntries(
  Object.entries(STAGE_KINDS).map(([kind, work]) => [
    kind,
    optionalSetting(stageResources, { description: `Resources of ${work}`, otherwise: "those of every stage" }),
  ]),
) as Record<ClusterStageKind, z.ZodOptional<typeof stageResources>>;

/** A Ray cluster that computes a run's stages. */
export const clusterSchema = section(
  {
    address: requiredSetting(z.string().min(1).max(2000), {
      description: "Address of Ray's dashboard, which takes jobs: http://head:8265",
    }),
    tokenEnv: optionalSetting(z.string().min(1).max(100), {
      description:
        "Environment variable that holds the cluster's token, such as RAY_AUTH_TOKEN; its name ends in _AUTH_TOKEN or " +
        "_API_KEY. In the editor: SALSA: Set API Key",
      otherwise: "no token is sent",
    }),
    sharedFolder: optionalSetting(z.string().min(1).max(4000), {
      description:
        "The folder for runs and artifacts (runtime.directory) by its path on the cluster's machines; it must stand on a " +
        "file system that they share with this one",
      otherwise: "the same path as here",
    }),
    cpus: setting(cpus(), 1, {
      description: "Processor cores of a stage; without a card it computes on as many threads",
      unit: "cores",
      source: "this project",
    }),
    gpus: setting(share(), 1, {
      description: "Cards of a stage: 1, or 0 to compute on processors; below 1 several stages share a card",
      unit: "cards",
      source: "this project: a stage computes on one device",
    }),
    stages: section(perKind, "Resources by kind of stage")
      .optional()
      .meta({ otherwise: "every stage has the same", description: "Resources by kind of stage" }),
    ...CLUSTER_JOB_SETTINGS,
    trainer: trainerSetting,
  },
  "A Ray cluster on which the stages run as jobs, all independent ones at once",
);

/** Texts that editors offer for a cluster. */
export const CLUSTER_SNIPPETS = [
  {
    label: "Ray cluster",
    description: "Every stage is a job with a card of its own",
    body: {
      address: "${1:http://head:8265}",
      tokenEnv: "${2:RAY_AUTH_TOKEN}",
      sharedFolder: "${3:/mnt/shared/salsa}",
      cpus: "^${4:4}",
      gpus: "^${5:1}",
    },
  },
  {
    label: "Ray on this machine",
    description: "For trying it: ray start --head",
    body: { address: "http://127.0.0.1:${1:8265}", cpus: "^${2:1}", gpus: "^0" },
  },
];

/** Settings of a cluster. */
export type ClusterConfig = Readonly<z.output<typeof clusterSchema>>;
