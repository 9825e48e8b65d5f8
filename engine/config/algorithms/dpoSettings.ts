import * as z from "zod";
import { choice, count, setting } from "../setting.ts";

/** Losses over the margin m = β·((log π − log π_ref of the chosen) − (the same of the rejected)). */
const losses = {
  sigmoid: "−log σ(m), DPO's own",
  hinge: "max(0, 1 − m) (SLiC, arXiv:2305.10425)",
  ipo: "(m/β − 1/(2β))², with log-probabilities summed as in the paper, not averaged as in TRL (IPO, arXiv:2310.12036)",
} as const;

/** DPO's own settings, beside those that it shares with PPO. */
export const DPO_SETTINGS = {
  dpoLoss: setting(choice(losses), "sigmoid", {
    description: "Loss over the margin by which the policy prefers the chosen response, with method dpo",
    source: "DPO, arXiv:2305.18290, equation 7",
  }),
  labelSmoothing: setting(z.number().min(0).max(0.49), 0, {
    description: "Share of the pairs whose labels are taken to be wrong, with method dpo and dpoLoss sigmoid",
    source: "TRL 0.11 DPOConfig, where it is off; conservative DPO",
  }),
  dpoEpochs: setting(count(), 1, {
    description: "Passes over the preference pairs, with method dpo",
    unit: "passes",
    source: "DPO, arXiv:2305.18290, appendix B",
  }),
};

/** Settings of PPO that mean the same here: an optimizer step takes minibatchSize × gradientAccumulation pairs. */
export const SHARED_SETTINGS = [
  "init",
  "reference",
  "beta",
  "maxNewTokens",
  "minibatchSize",
  "gradientAccumulation",
  "learningRate",
  "schedule",
  "warmupRatio",
  "weightDecay",
  "maxGradNorm",
  "beta1",
  "beta2",
  "epsilon",
] as const;
