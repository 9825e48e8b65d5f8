import { ALGORITHMS } from "./algorithms/index.ts";
import { choiceAmong, section, setting } from "./setting.ts";

const [ppo, dpo] = ALGORITHMS;

/** Every setting of RLHF, each of which an arm may override. */
export const RLHF_SETTINGS = {
  method: setting(choiceAmong(ALGORITHMS), ppo.name, {
    description: "How a policy is trained",
    source: "SALSA, section 3",
  }),
  ...ppo.settings,
  ...dpo.settings,
};

/** RLHF for all arms. */
export const rlhfSchema = section(RLHF_SETTINGS, "RLHF by PPO or DPO, for all arms unless an arm says otherwise");
