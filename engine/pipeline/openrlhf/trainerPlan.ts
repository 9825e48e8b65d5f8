import { openRlhfDifferences } from "../../cluster/openrlhf/differences.ts";
import { OPENRLHF_VERSION } from "../../cluster/openrlhf/flags.ts";
import { type StagePlacement, type StageToPlace, placeStage } from "../../cluster/openrlhf/placement.ts";
import { type TrainedKind, TRAINED_KINDS, openRlhfRefusals } from "../../cluster/openrlhf/refusals.ts";
import type { RunConfig } from "../../config/index.ts";
import { DataError } from "../../protocol/errors.ts";
import { stageNames } from "../../protocol/stageName.ts";
import type { PlannedStage } from "../../protocol/toolOutput.ts";
import { withLocalCheckpoints } from "../hubCheckpoints.ts";
import { type BaseFacts, type StageEstimate, baseFacts } from "../plan.ts";

/** The trainers of a run's stages. */
export interface TrainerPlan {
  /** For people, one each line. */
  readonly lines: readonly string[];
  /** False where a stage fits nowhere, or OpenRLHF would have to do what it cannot. */
  readonly isPossible: boolean;
}

/**
 * Refuses a run of which a stage still to be made is for another trainer than this engine: it can be planned and prepared,
 * and no executor submits it yet.
 *
 * @throws {DataError} naming the stages and the remedy.
 */
export function assertTrainedHere(config: RunConfig, estimates: readonly StageEstimate[], { model }: BaseFacts): void {
  if (config.runtime.cluster === undefined) return;
  const nameOf = stageNames(estimates.map(({ stage }) => stage.info));
  const others = estimates.filter(({ stage: { info }, cost, cached }) => {
    const placement = cached ? undefined : placementOf({ ...info, ...cost }, config, model);
    return placement !== undefined && placement.trainer !== "own";
  });
  if (others.length === 0) return;
  const names = others.map(({ stage }) => nameOf(stage.info.id)).join(", ");
  const remedy = 'set runtime.cluster.trainer.use to "own", or train these elsewhere and name their checkpoints';
  throw new DataError(`runs cannot hand stages to OpenRLHF yet: ${names}`, { file: "runtime.cluster.trainer", remedy });
}

/** Plans who trains the stages that are still to be made, on the cluster of the config. */
export async function trainerPlan(asked: RunConfig, stages: readonly PlannedStage[]): Promise<TrainerPlan> {
  const config = await withLocalCheckpoints(asked, { progress: undefined, isOffline: true });
  return trainersOf(config, stages, (await baseFacts(config)).model);
}

/** The same for a model of a known shape. */
export function trainersOf(
  config: RunConfig,
  stages: readonly PlannedStage[],
  model: Pick<BaseFacts["model"], "nLayers" | "hiddenSize" | "vocabularySize" | "maxPositions">,
): TrainerPlan {
  const nameOf = stageNames(stages);
  const placed = stages.flatMap((stage) => {
    const placement = stage.cached ? undefined : placementOf(stage, config, model);
    return placement === undefined ? [] : [{ stage, placement }];
  });
  const groups = Map.groupBy(placed, ({ placement }) => placementText(placement));
  const lines = [...groups].map(([text, group]) => `${group.map(({ stage }) => nameOf(stage.id)).join(", ")}: ${text}`);
  const sent = placed.filter(({ placement }) => placement.trainer === "openrlhf");
  const kinds = TRAINED_KINDS.filter((kind) => sent.some(({ stage }) => stage.kind === kind));
  const refused = openRlhfRefusals(config, kinds);
  const differences = new Set(
    sent.flatMap(({ stage }) => {
      return openRlhfDifferences(stage.kind as TrainedKind, { arm: config.arms[stage.product], reward: config.reward });
    }),
  );
  return {
    lines: [
      ...lines,
      ...refused.map(({ path, message, remedy }) => `refused: ${path.join(".")}: ${message}; ${remedy}`),
      ...Array.from(differences, (text) => `OpenRLHF: ${text}`),
    ],
    isPossible: refused.length === 0 && placed.every(({ placement }) => placement.trainer !== "none"),
  };
}

function placementText(placement: StagePlacement): string {
  if (placement.trainer === "own") return `this engine, since ${placement.reason}`;
  if (placement.trainer === "none") return `nobody: ${placement.reason}; ${placement.remedy}`;
  return `OpenRLHF ${OPENRLHF_VERSION}, since ${placement.reason}`;
}

function placementOf(
  { kind, product, parameters, cardBytes }: Pick<PlannedStage, "kind" | "product" | "parameters" | "cardBytes">,
  { sft, reward, arms, runtime }: RunConfig,
  { nLayers, hiddenSize, vocabularySize, maxPositions }: Parameters<typeof trainersOf>[2],
): StagePlacement | undefined {
  const { cluster, gradientCheckpointing } = runtime;
  const trained = TRAINED_KINDS.find((one) => one === kind);
  const arm = arms[product];
  if (cluster === undefined || trained === undefined || (trained === "rlhf" && arm === undefined)) return undefined;
  const [size, longest] = sizesOf(trained, { sft, reward, arm });
  const stage: StageToPlace = {
    ...{ kind: trained, parameters, nLayers, hiddenSize, vocabularySize, gradientCheckpointing, cardBytes },
    ...{ stepSize: size, length: Math.min(longest, maxPositions), microBatchSize: cluster.trainer.microBatchSize },
  };
  return placeStage(stage, cluster.trainer);
}

/** Sequences of an optimizer step, and tokens of the longest. */
function sizesOf(
  kind: TrainedKind,
  { sft, reward, arm }: Pick<RunConfig, "sft" | "reward"> & { readonly arm: RunConfig["arms"][string] | undefined },
): readonly [stepSize: number, length: number] {
  if (kind === "sft") return [sft.batchSize * sft.gradientAccumulation, sft.maxLength];
  if (kind === "reward") return [reward.batchSize * reward.gradientAccumulation, 2 * reward.maxLength];
  const { minibatchSize = 1, gradientAccumulation = 1, maxNewTokens = 0 } = arm ?? {};
  // How long prompts are shows in the data.
  return [minibatchSize * gradientAccumulation, 2 * maxNewTokens];
}
