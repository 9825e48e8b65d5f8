import { type StagePlacement, type StageToPlace, isSent, placeStage } from "../../cluster/trainer/placement.ts";
import { type Trainer, releaseOf } from "../../cluster/trainer/trainer.ts";
import { TRAINERS, trainerNamed } from "../../cluster/trainers.ts";
import { cardBackend } from "../../compute/backends/card.ts";
import { HALVED_ELSEWHERE, halvedArms } from "../../config/halvingChecks.ts";
import type { Complaint } from "../../config/complaint.ts";
import { type RunConfig, configAt } from "../../config/index.ts";
import { type TrainedKind, TRAINED_KINDS } from "../../config/trainedKinds.ts";
import { trainerRefusals } from "../../config/trainerChecks.ts";
import { DataError } from "../../protocol/errors.ts";
import { stageNames } from "../../protocol/stageName.ts";
import type { StageInfo } from "../../protocol/stages.ts";
import { type ResolvedStage, inputFacts } from "../resolve.ts";
import { type Cost, type CostFacts, recomputationOf } from "../stage.ts";

/** The trainers of a run's stages. */
export interface TrainerPlan {
  /** For people, one each line. */
  readonly lines: readonly string[];
  /** False where a stage fits nowhere, or another trainer would have to do what it cannot. */
  readonly isPossible: boolean;
}

/** A stage, and who trains it; nobody but this engine makes one without a placement. */
export interface PlacedStage extends StageInfo {
  readonly placement?: StagePlacement | undefined;
}

/** Says who trains a stage whose inputs are known, where that is a question. */
export type PlaceTrainer = (stage: Pick<ResolvedStage, "info" | "declared" | "inputs">) => StagePlacement | undefined;

/** The choice of trainers for a config; undefined where its stages run on one machine. */
export function trainerChoice(
  config: RunConfig,
  base: Required<Pick<CostFacts, "model" | "stored">>,
): PlaceTrainer | undefined {
  const { cluster, precision = cardBackend.precisions[0] } = config.runtime;
  if (cluster === undefined) return undefined;
  const { gradientCheckpointing = false } = config.runtime;
  const facts = { ...base, recomputation: recomputationOf({ gradientCheckpointing }), precision };
  return ({ info, declared, inputs }) =>
    isTrained(info.kind)
      ? placementOf(info, declared.cost({ ...facts, ...inputFacts(inputs) }), { config, model: base.model })
      : undefined;
}

/** Plans who trains the stages that are still to be made, on the cluster of the config. */
export function trainerPlan(
  config: RunConfig,
  stages: readonly (PlacedStage & { readonly cached: boolean })[],
): TrainerPlan {
  const left = stages.filter(({ cached }) => !cached);
  const { placed, refused } = trainersOf(config, left, stageNames(stages));
  return {
    lines: [
      ...placed,
      ...refused.map(({ path, message, remedy }) => `refused: ${path.join(".")}: ${message}; ${remedy}`),
      ...trainersIn(left).flatMap((trainer) =>
        trainerDifferences(trainer, config, left).map((text) => `${trainer.title}: ${text}`),
      ),
    ],
    isPossible: refused.length === 0 && left.every(({ placement }) => placement?.trainer !== "none"),
  };
}

/**
 * Refuses a run of which a stage fits nowhere, or that another trainer would have to make and cannot.
 * @throws {DataError} naming everything that is in the way.
 */
export function assertTrainable(config: RunConfig, stages: readonly PlacedStage[]): void {
  const { refused } = trainersOf(config, stages, stageNames(stages));
  const [first, ...others] = refused;
  if (first !== undefined) {
    const more = others.map(({ path, message, remedy }) => `; ${path.join(".")}: ${message}; ${remedy}`).join("");
    throw new DataError(first.message, { file: first.path.join("."), remedy: `${first.remedy}${more}` });
  }
  const nameOf = stageNames(stages);
  for (const { id, placement } of stages) {
    if (placement?.trainer !== "none") continue;
    const { reason, remedy } = placement;
    throw new DataError(`nobody can train ${nameOf(id)}: ${reason}`, { file: "runtime.cluster.trainer", remedy });
  }
}

/**
 * Sentences on what a trainer does otherwise in the stages that it makes, each once. One that is not true of all that it
 * makes of a kind, such as arms or values of a grid with other settings, names those that it is true of.
 */
export function trainerDifferences(
  trainer: Trainer,
  config: RunConfig,
  stages: readonly PlacedStage[],
): readonly string[] {
  const all = sentTo(trainer, stages).flatMap(({ kind, product }) => {
    const { arms, reward } = configAt(config, product);
    if (!isTrained(kind)) return [];
    return trainer.differences(kind, { arm: arms[product], reward }).map((text) => ({ text, kind, product }));
  });
  return [...Map.groupBy(all, ({ text }) => text)].map(([text, of]) => {
    const kinds = new Set(of.map(({ kind }) => kind));
    const differing = new Set(of.map(({ product }) => product));
    const nMade = new Set(all.filter(({ kind }) => kinds.has(kind)).map(({ product }) => product)).size;
    return differing.size < nMade ? `${[...differing].join(", ")}: ${text}` : text;
  });
}

/** The trainers that make some of these stages. */
export function trainersIn(stages: readonly PlacedStage[]): readonly Trainer[] {
  return TRAINERS.filter((trainer) => sentTo(trainer, stages).length > 0);
}

/** Names of the stages that a trainer makes, for people. */
export function sentNames({ name }: Pick<Trainer, "name">, stages: readonly PlacedStage[]): readonly string[] {
  const nameOf = stageNames(stages);
  return sentTo({ name }, stages).map(({ id }) => nameOf(id));
}

function sentTo({ name }: Pick<Trainer, "name">, stages: readonly PlacedStage[]): readonly PlacedStage[] {
  return stages.filter(({ placement }) => isSent(placement) && placement.trainer === name);
}

/** Lines on who trains what, and what cannot be done. */
function trainersOf(
  config: RunConfig,
  stages: readonly PlacedStage[],
  nameOf: (id: string) => string,
): { readonly placed: readonly string[]; readonly refused: readonly Complaint[] } {
  const groups = Map.groupBy(stages, ({ placement }) => placement && placementText(placement));
  const isHalved = [...halvedArms(config).values()]
    .flat()
    .some((name) => stages.some(({ product, placement }) => product === name && isSent(placement)));
  return {
    placed: [...groups].flatMap(([text, group]) => {
      return text === undefined ? [] : [`${group.map(({ id }) => nameOf(id)).join(", ")}: ${text}`];
    }),
    refused: [
      ...TRAINERS.flatMap((trainer) => refusedBy(trainer, config, stages)),
      ...(isHalved ? [HALVED_ELSEWHERE] : []),
    ],
  };
}

function refusedBy(trainer: Trainer, config: RunConfig, stages: readonly PlacedStage[]): readonly Complaint[] {
  const sent = sentTo(trainer, stages);
  const products = new Set(sent.map(({ product }) => product));
  // An arm that this engine trains may do more.
  const arms = Object.fromEntries(Object.entries(config.arms).filter(([name]) => products.has(name)));
  const kinds = TRAINED_KINDS.filter((kind) => sent.some((stage) => stage.kind === kind));
  return trainerRefusals(trainer, { ...config, arms }, kinds);
}

function placementText(placement: StagePlacement): string {
  if (isSent(placement)) return `${releaseOf(trainerNamed(placement.trainer))}, since ${placement.reason}`;
  if (placement.trainer === "own") return `this engine, since ${placement.reason}`;
  return `nobody: ${placement.reason}; ${placement.remedy}`;
}

const isTrained = (kind: string): kind is TrainedKind => TRAINED_KINDS.some((one) => one === kind);

/** Shape of a run's models, as far as memory goes by it. */
type Shape = Pick<CostFacts["model"], "nLayers" | "hiddenSize" | "vocabularySize" | "maxPositions">;

/** The trainer of a stage of known cost; undefined where nobody but this engine makes such a stage. */
export function placementOf(
  { kind, product }: Pick<StageInfo, "kind" | "product">,
  { parameters, cardBytes }: Pick<Cost, "parameters" | "cardBytes">,
  { config, model }: { readonly config: RunConfig; readonly model: Shape },
): StagePlacement | undefined {
  const { sft, reward, arms, runtime } = configAt(config, product);
  const { cluster, gradientCheckpointing = false } = runtime;
  const { nLayers, hiddenSize, vocabularySize, maxPositions } = model;
  const arm = arms[product];
  if (cluster === undefined || !isTrained(kind) || (kind === "rlhf" && arm === undefined)) return undefined;
  const [size, longest] = sizesOf(kind, { sft, reward, arm });
  const stage: StageToPlace = {
    ...{ kind, parameters, nLayers, hiddenSize, vocabularySize, gradientCheckpointing, cardBytes },
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
