import type { PpoLossSettings } from "../../../engine/rl/ppoLoss.ts";

/** TRL 0.11's `PPOConfig`. */
export const PPO_LOSS_DEFAULTS: PpoLossSettings = {
  clip: 0.2,
  valueClip: 0.2,
  valueCoefficient: 0.1,
  entropyCoefficient: 0,
  ratioThreshold: 10,
};
