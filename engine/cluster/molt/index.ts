import { namedIn } from "../trainer/job.ts";
import type { Trainer } from "../trainer/trainer.ts";
import { MOLT } from "./declaration.ts";
import { moltDifferences } from "./differences.ts";
import { moltJob } from "./job.ts";
import { moltMetrics, moltSample } from "./metrics.ts";
import { moltRefusals } from "./refusals.ts";

const ABOUT = { ...MOLT, distribution: "molt-rl", requirement: `molt-rl[vllm]==${MOLT.version}` } as const;

/** Masters and gradients in f32, and Adam's two moments, which `--fsdp.offload optimizer` keeps in the machine's memory. */
const [MASTER, GRADIENT, MOMENTS] = [4, 4, 8];

/** All that is known of Molt. */
export const molt = {
  ...ABOUT,
  revision: 1,
  modules: [
    ["molt", "Molt"],
    ["nemo_automodel", "NeMo AutoModel"],
    ["vllm", "vLLM"],
  ],
  memory: {
    // Of PPO, policy and critic stay where they are, and so does the reference.
    perParameter: (kind, offload) => {
      const trained = MASTER + GRADIENT + (offload ? 0 : MOMENTS);
      return kind === "rlhf" ? 2 * trained + MASTER : trained;
    },
    isApart: true,
  },
  data: { takesTexts: false, carriesOver: false },
  policies: { folder: "_hf", tag: /^(global_step(\d+))$/ },
  refusals: moltRefusals,
  differences: moltDifferences,
  metrics: moltMetrics,
  sampleOf: moltSample,
  job: (request) => moltJob(namedIn(ABOUT), request),
} as const satisfies Trainer;
