import { type Translate, inEnglish } from "../common/format.ts";
import type { StageInfo } from "./stages.ts";

const TEXTS = {
  beta: "{0} (β {1})",
  rung: "{0} to rung {1}",
  opponent: "{0} vs {1}",
  benchmark: "{0} on {1}",
  seed: "{0}, seed {1}",
} as const;

/** Texts that names are made of, for translators. */
export function stageNameTexts(): readonly string[] {
  return Object.values(TEXTS);
}

/** Name of a stage for people, without its base seed: "salsa (β 0.1) on validation", "salsa vs ppo on mtBench". */
export function stageName(
  { product, beta, rung, benchmark, opponent }: Pick<StageInfo, "product" | "beta" | "rung" | "benchmark" | "opponent">,
  translate: Translate = inEnglish,
): string {
  const whole = beta === undefined ? product : translate(TEXTS.beta, product, beta);
  const model = rung === undefined ? whole : translate(TEXTS.rung, whole, rung);
  const subject = opponent === undefined ? model : translate(TEXTS.opponent, model, opponent);
  return benchmark === undefined ? subject : translate(TEXTS.benchmark, subject, benchmark);
}

/** {@link stageName} with the base seed, for runs that have several: "salsa, seed 2". */
export function seededStageName(stage: StageInfo, translate: Translate = inEnglish): string {
  const name = stageName(stage, translate);
  return stage.seed === undefined ? name : translate(TEXTS.seed, name, stage.seed);
}

/** Names the stages of a run by their ids: with the base seed where there are several; an unknown id is its own name. */
export function stageNames(stages: readonly StageInfo[], translate: Translate = inEnglish): (id: string) => string {
  const nameOf = baseSeeds(stages).length > 1 ? seededStageName : stageName;
  const byId = new Map(stages.map((stage) => [stage.id, stage]));
  return (id) => {
    const stage = byId.get(id);
    return stage === undefined ? id : nameOf(stage, translate);
  };
}

/** Base seeds that stages work for, in their order. */
export function baseSeeds(stages: readonly Pick<StageInfo, "seed">[]): readonly number[] {
  return [...new Set(stages.flatMap(({ seed }) => (seed === undefined ? [] : [seed])))];
}
