import { namedIn } from "../trainer/job.ts";
import type { Trainer } from "../trainer/trainer.ts";
import { OPENRLHF } from "./declaration.ts";
import { openRlhfDifferences } from "./differences.ts";
import { openRlhfJob } from "./job.ts";
import { openRlhfMetrics, openRlhfSample } from "./metrics.ts";
import { openRlhfRefusals } from "./refusals.ts";

const ABOUT = {
  ...OPENRLHF,
  distribution: "openrlhf",
  requirement: `openrlhf[vllm]==${OPENRLHF.version}`,
} as const;

/** Weights and gradients in bf16; master weights and Adam's moments in f32. */
const [WEIGHT, GRADIENT, ADAM] = [2, 2, 12];

/** All that is known of OpenRLHF. */
export const openRlhf = {
  ...ABOUT,
  revision: 1,
  modules: [
    ["openrlhf", "OpenRLHF"],
    ["vllm", "vLLM"],
  ],
  memory: {
    // Of PPO, reference, reward model and that of policy and critic which sleeps are there beside what is trained.
    perParameter: (kind, offload) => WEIGHT + GRADIENT + (offload ? 0 : ADAM) + (kind === "rlhf" ? 3 * WEIGHT : 0),
    isApart: false,
  },
  data: { takesTexts: true, picture: "<image>", carriesOver: true },
  policies: { folder: "", tag: /^(global_step(\d+))_hf$/ },
  refusals: openRlhfRefusals,
  differences: openRlhfDifferences,
  metrics: openRlhfMetrics,
  sampleOf: openRlhfSample,
  job: (request) => openRlhfJob(namedIn(ABOUT), request),
} as const satisfies Trainer;
