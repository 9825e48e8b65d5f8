import { isContinued } from "../../protocol/armStages.ts";
import { stageName } from "../../protocol/stageName.ts";
import type { RunFacts } from "./facts.ts";

/** A training that has curves, over all base seeds. */
export interface TrainedArm {
  /** Its name in the config. */
  readonly arm: string;
  /** For legends: the arm's, or a candidate's of which none is chosen yet: "salsa (β 0.1)". */
  readonly name: string;
  /** Ids of its stages, one a base seed. */
  readonly stages: readonly string[];
}

/** A stage that recorded the KL is an RLHF training. */
const RLHF_METRIC = "objective/kl";

/**
 * Arms that have curves in this run; of several candidates for β the chosen one, or all before the choice, and of one that
 * successive halving has dropped the last part of its training.
 */
export function trainedArms({ state, choices }: Pick<RunFacts, "state" | "choices">): readonly TrainedArm[] {
  const arms = new Map<string, { arm: string; name: string; stages: string[] }>();
  const trained = state.stages.filter(({ id }) => state.metrics[id]?.[RLHF_METRIC] !== undefined);
  for (const stage of trained) {
    if (isContinued(stage, trained)) continue;
    const choice = choices.find(({ product, seed }) => product === stage.product && seed === stage.seed);
    if (stage.role === "candidate" && choice !== undefined && stage.beta !== choice.chosen) continue;
    const name = choice === undefined ? stageName(stage) : stage.product;
    const arm = arms.get(name) ?? { arm: stage.product, name, stages: [] };
    arm.stages.push(stage.id);
    arms.set(name, arm);
  }
  return [...arms.values()];
}
