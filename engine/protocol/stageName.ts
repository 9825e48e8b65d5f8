import type { StageInfo } from "./stages.ts";

/** Name of a stage for people, without its base seed: "salsa (β 0.1) on validation", "salsa vs ppo on mtBench". */
export function stageName({ product, beta, benchmark, opponent }: Omit<StageInfo, "id">): string {
  const model = beta === undefined ? product : `${product} (β ${beta})`;
  const subject = opponent === undefined ? model : `${model} vs ${opponent}`;
  return benchmark === undefined ? subject : `${subject} on ${benchmark}`;
}

/** {@link stageName} with the base seed, for runs that have several: "salsa, seed 2". */
export function seededStageName(stage: StageInfo): string {
  return stage.seed === undefined ? stageName(stage) : `${stageName(stage)}, seed ${stage.seed}`;
}
