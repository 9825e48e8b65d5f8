import { PPO_LOSS_DEFAULTS } from "../engine/rl/ppoLossDefaults.ts";
import type { PpoSettings } from "../../engine/rl/ppoSettings.ts";

/** Settings that both benches of PPO and their baselines in TRL 0.11 have in common. */
export const TRL_SETTINGS = {
  gradientAccumulation: 1,
  temperature: 1,
  topK: 0,
  topP: 1,
  pad: 0,
  klKind: "kl",
  klController: { kind: "adaptive", beta: 0.2, target: 6, horizon: 10_000 },
  score: { missingEosPenalty: 0, scaling: "none", clip: 0 },
  advantages: { gamma: 1, lam: 0.95, whitenRewards: "none", whitenAdvantages: true, scorePosition: "lastToken" },
  loss: PPO_LOSS_DEFAULTS,
  critic: "valueHead",
  optimizer: {},
  schedule: "constant",
  warmupRatio: 0,
  seed: 1,
} as const satisfies Partial<PpoSettings>;
