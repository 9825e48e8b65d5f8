import * as z from "zod";
import { BACKENDS, type BackendName, type Precision } from "../compute/backends/index.ts";
import { CLUSTER_SNIPPETS, clusterSchema } from "./cluster.ts";
import { choice, count, filePath, optionalSetting, section, setting, withSnippets, wordsOf } from "./setting.ts";

const meanings = {
  auto: "the first of those below that this machine has; the run says which and why",
  ...(Object.fromEntries(BACKENDS.map(({ name, description }) => [name, description])) as Record<BackendName, string>),
};

const precisions = {
  f32: "exact sums and activations; the only one of wasm",
  bf16:
    "activations, their gradients and copies of the matrices in half the memory, on tensor cores; weights, optimizer, " +
    "sums, norms, softmax, losses and log-probs stay in f32",
} as const satisfies Record<Precision, string>;

const frozenStorage = {
  asStored: "bf16 where a checkpoint holds bf16, else f32: the same numbers, half the memory where that is possible",
  bf16: "half the memory for any checkpoint; f32 weights are rounded, which changes results a little",
} as const;

const reportTargets = {
  tensorboard: "event files in .salsa/tensorboard: tensorboard --logdir .salsa/tensorboard",
  mlflow:
    "a file store in .salsa/mlflow: MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri file:.salsa/mlflow",
  wandb: "offline runs in .salsa/wandb: wandb sync .salsa/wandb/offline-run-*",
} as const;

/** Tools whose files `runtime.reportTo` and `salsa export` write. */
export const REPORT_TARGETS = wordsOf(reportTargets);
export type ReportTarget = (typeof REPORT_TARGETS)[number];

/** Words that `runtime.backend` may hold. */
export const BACKEND_CHOICES = wordsOf(meanings);

/** Cards by number or UUID. */
const deviceNames = z
  .string()
  .max(400)
  .regex(/^(auto|all|(\d{1,4}|GPU-[\dA-Fa-f-]+)(,(\d{1,4}|GPU-[\dA-Fa-f-]+))*)$/);

/** True for what `runtime.device` may hold. */
export function isDeviceName(text: string): boolean {
  return deviceNames.safeParse(text).success;
}

const DEVICE_SNIPPETS = [
  { label: "auto", description: "the first card", body: "auto" },
  { label: "all", description: "every card of the first one's kind; independent stages run side by side", body: "all" },
  { label: "0", description: "the card with this number; several with commas between: 0,1", body: "${1:0}" },
  {
    label: "GPU-…",
    description: "the card whose UUID begins like this, as nvidia-smi -L prints it",
    body: "GPU-${1:uuid}",
  },
];

/** Where and how the work runs. On a given backend, nothing here but precision and rounded weights changes what is learned. */
export const runtimeSchema = section(
  {
    backend: setting(choice(meanings), "auto", {
      description: "Compute backend",
      source: "this project: the fastest first",
    }),
    precision: optionalSetting(choice(precisions), {
      description: "Precision that models compute with; results depend on it",
      otherwise: "bf16 on a card, f32 elsewhere",
    }),
    device: setting(withSnippets(deviceNames, DEVICE_SNIPPETS), "auto", {
      description:
        "Which NVIDIA card: its number among those that CUDA_VISIBLE_DEVICES leaves, or the beginning of its UUID; several " +
        'with commas between, or "all", for stages that do not wait for each other to run side by side. salsa doctor lists them',
      source: "this project: the first",
    }),
    threads: setting(count(0), 0, {
      description: "Worker threads; 0 takes one per processor core. Results do not depend on it",
      unit: "threads",
      source: "this project",
    }),
    frozenWeights: setting(choice(frozenStorage), "asStored", {
      description: "How weights that are only read are held: references, the reward model, models that answer",
      source: "this project",
    }),
    gradientCheckpointing: optionalSetting(z.boolean(), {
      description:
        "Training keeps only what goes from block to block of a model and computes the rest again for the gradient: " +
        "a fraction of the memory for activations, steps about a quarter longer, the same bytes",
      otherwise: "for the stages alone that would not fit into memory without it; the run says which",
    }),
    directory: setting(filePath(), ".salsa", {
      description: "Folder for runs and artifacts, relative to the config's folder",
      source: "this project",
    }),
    checkpointEvery: setting(count(), 50, {
      description:
        "Optimizer steps between checkpoints from which a killed run resumes; an RLHF iteration counts as ten",
      unit: "steps",
      source: "this project",
    }),
    metricsEvery: setting(count(), 10, {
      description: "Optimizer steps between recorded metrics; RLHF records every iteration",
      unit: "steps",
      source: "this project",
    }),
    reportTo: optionalSetting(z.array(choice(reportTargets)).max(REPORT_TARGETS.length), {
      description:
        "Other tools for which metrics are written as well while the run goes on; salsa export does so for runs that are over",
      otherwise: "none",
    }),
    cluster: clusterSchema.optional().meta({
      description: "A Ray cluster on which the stages run as jobs, all independent ones at once",
      otherwise: "everything runs on this machine",
      snippets: CLUSTER_SNIPPETS,
    }),
  },
  "Where and how the work runs",
);
