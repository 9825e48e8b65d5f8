import * as z from "zod";
import { evaluationSchema } from "./evaluation.ts";
import type { RunConfig } from "./resolved.ts";
import { rewardSchema } from "./reward.ts";
import { RLHF_SETTINGS } from "./rlhf.ts";
import { runtimeSchema } from "./runtime.ts";
import { sftSchema } from "./sft.ts";

const { beta: _beta, ...ARM_SETTINGS } = RLHF_SETTINGS; // an arm has a list of them

/**
 * The config of a run that an earlier version may have begun, with the settings that came later: at their defaults, with
 * which a run is made as it was before them.
 */
export function withLaterSettings(config: RunConfig): RunConfig {
  const arms = Object.entries(config.arms).map(([name, arm]) => [name, completed(arm, ARM_SETTINGS)] as const);
  const written: Partial<RunConfig> = config;
  const sections = Object.entries(SECTIONS).flatMap(([name, shape]) => {
    // A version that did not know a section at all had none of its settings.
    const section = written[name as keyof typeof SECTIONS];
    return section === undefined ? [] : [[name, completed(section, shape)] as const];
  });
  return { ...config, ...Object.fromEntries(sections), arms: Object.fromEntries(arms) } as RunConfig;
}

const SECTIONS: Readonly<Record<"sft" | "reward" | "evaluation" | "runtime", Shape>> = {
  sft: sftSchema.shape,
  reward: rewardSchema.shape,
  evaluation: evaluationSchema.shape,
  runtime: runtimeSchema.shape,
};

type Shape = Readonly<Record<string, z.ZodType>>;

function completed(section: object, shape: Shape): object {
  const defaults = Object.entries(shape).filter(([, schema]) => schema instanceof z.ZodDefault);
  const missing = defaults.filter(([key]) => !Object.hasOwn(section, key));
  return { ...section, ...Object.fromEntries(missing.map(([key, schema]) => [key, schema.parse(undefined)])) };
}
