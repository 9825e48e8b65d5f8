import { type TrainerConfig, useOf } from "../../config/trainer.ts";
import {
  type SizedStage,
  type Spread,
  besideSamplingBytes,
  ownBytes,
  plannedBytes,
  samplingCards,
  trainingBytes,
} from "./memory.ts";

/** A stage to be placed. */
export interface StageToPlace extends SizedStage {
  /** Sequences of an optimizer step, which are dealt out to the cards. */
  readonly stepSize: number;
  /** Memory of a card that this engine takes for it, bytes; estimated unless it was planned. */
  readonly cardBytes?: number | undefined;
}

/** Cards of a stage of OpenRLHF. */
export interface CardPlace {
  readonly nodes: number;
  readonly cardsPerNode: number;
  /** Cards that hold one copy of the policy while it is sampled from. */
  readonly tensorParallel: number;
  readonly offload: boolean;
}

/** Where a stage goes, and why. */
export type StagePlacement =
  | { readonly trainer: "own"; readonly reason: string }
  | { readonly trainer: "openrlhf"; readonly reason: string; readonly place: CardPlace }
  | { readonly trainer: "none"; readonly reason: string; readonly remedy: string };

type Trainer = Pick<
  TrainerConfig,
  "use" | "nodes" | "cardsPerNode" | "cardMemory" | "offload" | "samplingMemory" | "tensorParallel"
>;

/**
 * Decides who trains a stage: this engine where it fits on one card, else OpenRLHF on the fewest cards that hold it, and
 * with Adam's state in the machines' memory only where nothing else fits.
 */
export function placeStage(stage: StageToPlace, trainer: Trainer): StagePlacement {
  const limit = plannedBytes(trainer.cardMemory);
  const own = stage.cardBytes ?? ownBytes(stage);
  const size = `${gigabytes(own)} on one card`;
  const card = `a card of ${trainer.cardMemory} GB`;
  const use = useOf(trainer, stage.kind);
  const asked = `runtime.cluster.trainer.use${typeof trainer.use === "string" ? "" : `.${stage.kind}`} is "${use}"`;
  if (use === "own") return { trainer: "own", reason: asked };
  if (use === "auto" && own <= limit) return { trainer: "own", reason: `it takes ${size}, and ${card} holds that` };
  const why = use === "auto" ? `it takes ${size}, more than ${card} holds` : asked;
  const place = fewestCards(stage, trainer, limit);
  if (place !== undefined) {
    const { nodes, cardsPerNode, offload } = place;
    const cards = nodes * cardsPerNode;
    const each = gigabytes(trainingBytes(stage, { cards, offload }));
    const moments = offload ? ", Adam's state in the machines' memory" : "";
    return {
      trainer: "openrlhf",
      place,
      reason: `${why}; ${each} on ${cards === 1 ? "one" : `each of ${cardCountText(place)}`}${moments}`,
    };
  }
  const most = trainer.nodes * trainer.cardsPerNode;
  const fitting = cardCounts(trainer).filter((cards) => stage.stepSize % cards === 0);
  const cards = fitting.at(-1) ?? 1;
  const dealt = cards < most ? `, of which a step of ${stage.stepSize} sequences can be dealt out to ${cards}` : "";
  const each = gigabytes(trainingBytes(stage, { cards, offload: true }));
  return {
    trainer: "none",
    reason: `${why}; at best it takes ${each} on each of ${cards} of ${most} cards${dealt}`,
    remedy:
      cards < most
        ? "make the step a multiple of the cards (batchSize, gradientAccumulation), or set runtime.cluster.trainer.nodes"
        : "set runtime.cluster.trainer.nodes, cardsPerNode or cardMemory, gradientCheckpointing, or a shorter maxLength",
  };
}

function fewestCards(stage: StageToPlace, trainer: Trainer, limit: number): CardPlace | undefined {
  for (const offload of trainer.offload ? [true] : [false, true]) {
    for (const cards of cardCounts(trainer)) {
      if (stage.stepSize % cards !== 0) continue;
      const tensorParallel = tensorParallelOf(stage, cards, trainer);
      if (tensorParallel === undefined || !fits(stage, { cards, offload }, trainer, limit)) continue;
      const cardsPerNode = Math.min(cards, trainer.cardsPerNode);
      return { nodes: cards / cardsPerNode, cardsPerNode, tensorParallel, offload };
    }
  }
  return undefined;
}

/** Numbers of cards that a stage may have: some of one machine, or all of several. */
function cardCounts({ nodes, cardsPerNode }: Trainer): readonly number[] {
  const within = Array.from({ length: cardsPerNode }, (_, index) => index + 1);
  const beyond = Array.from({ length: nodes - 1 }, (_, index) => (index + 2) * cardsPerNode);
  return [...within, ...beyond];
}

/** Cards of one copy for sampling, which divide all of them and lie in one machine; undefined where there are none. */
function tensorParallelOf(stage: StageToPlace, cards: number, trainer: Trainer): number | undefined {
  if (stage.kind !== "rlhf") return 1;
  const { cardMemory, samplingMemory, cardsPerNode, tensorParallel } = trainer;
  const least = tensorParallel ?? samplingCards(stage, samplingMemory * cardMemory * 2 ** 30);
  return cards % least === 0 && least <= cardsPerNode ? least : undefined;
}

function fits(stage: StageToPlace, spread: Spread, { samplingMemory }: Trainer, limit: number): boolean {
  if (trainingBytes(stage, spread) > limit) return false;
  return stage.kind !== "rlhf" || besideSamplingBytes(stage, spread) <= (1 - samplingMemory) * limit;
}

/** "8 cards", "2 × 8 cards". */
export function cardCountText({ nodes, cardsPerNode }: Pick<CardPlace, "nodes" | "cardsPerNode">): string {
  const cards = `${cardsPerNode} card${cardsPerNode === 1 ? "" : "s"}`;
  return nodes === 1 ? cards : `${nodes} × ${cards}`;
}

function gigabytes(bytes: number): string {
  const size = bytes / 2 ** 30;
  return `${size.toLocaleString("en-US", { maximumFractionDigits: size < 10 ? 1 : 0 })} GB`;
}
