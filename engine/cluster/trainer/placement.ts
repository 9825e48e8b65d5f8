import { type TrainerConfig, useOf } from "../../config/trainer.ts";
import { FIRST_TRAINER, type TrainerName } from "../declaredTrainers.ts";
import { trainerNamed } from "../trainers.ts";
import { APART_SAMPLING_MEMORY, type CardPlace, SCORING_CARDS, cardCountText } from "./cards.ts";
import {
  type SizedStage,
  type Spread,
  besideSamplingBytes,
  ownBytes,
  plannedBytes,
  samplingCards,
  scoringBytes,
  trainingBytes,
} from "./memory.ts";
import type { Trainer } from "./trainer.ts";

/** A stage to be placed. */
export interface StageToPlace extends SizedStage {
  /** Sequences of an optimizer step, which are dealt out to the cards. */
  readonly stepSize: number;
  /** Memory of a card that this engine takes for it, bytes; estimated unless it was planned. */
  readonly cardBytes?: number | undefined;
}

/** Place of a stage that another trainer makes. */
export interface SentPlacement {
  readonly trainer: TrainerName;
  readonly reason: string;
  readonly place: CardPlace;
}

/** Where a stage goes, and why. */
export type StagePlacement =
  | { readonly trainer: "own"; readonly reason: string }
  | SentPlacement
  | { readonly trainer: "none"; readonly reason: string; readonly remedy: string };

/** True for the place of a stage that another trainer makes. */
export function isSent(placement: StagePlacement | undefined): placement is SentPlacement {
  return placement !== undefined && "place" in placement;
}

type Cards = Pick<
  TrainerConfig,
  "use" | "nodes" | "cardsPerNode" | "cardMemory" | "offload" | "samplingMemory" | "tensorParallel"
>;

/**
 * Decides who trains a stage: this engine where it fits on one card, else another trainer on the fewest cards that hold it,
 * and with Adam's state in the machines' memory only where nothing else fits.
 */
export function placeStage(stage: StageToPlace, cards: Cards): StagePlacement {
  const limit = plannedBytes(cards.cardMemory);
  const own = stage.cardBytes ?? ownBytes(stage);
  const size = `${gigabytes(own)} on one card`;
  const card = `a card of ${cards.cardMemory} GB`;
  const { use, lacking } = useOf(cards, stage.kind);
  const asked = `runtime.cluster.trainer.use${typeof cards.use === "string" ? "" : `.${stage.kind}`} is "${use}"`;
  const lack = lacking === undefined ? "" : `${trainerNamed(lacking).title} trains no such models, and `;
  if (use === "own") return { trainer: "own", reason: asked };
  if (use === "auto" && own <= limit) {
    return { trainer: "own", reason: `${lack}it takes ${size}, and ${card} holds that` };
  }
  const why = use === "auto" ? `${lack}it takes ${size}, more than ${card} holds` : asked;
  const trainer = trainerNamed(use === "auto" ? FIRST_TRAINER.name : use);
  const found = fewestCards(stage, { trainer, cards, limit });
  if (found !== undefined) return { trainer: trainer.name, place: found.place, reason: `${why}; ${found.reason}` };
  return nowhere(stage, { trainer, cards, why });
}

function nowhere(
  stage: StageToPlace,
  { trainer, cards, why }: { readonly trainer: Trainer; readonly cards: Cards; readonly why: string },
): StagePlacement {
  const most = cards.nodes * cards.cardsPerNode;
  const fitting = cardCounts(cards).filter((count) => stage.stepSize % count === 0);
  const count = fitting.at(-1) ?? 1;
  const dealt = count < most ? `, of which a step of ${stage.stepSize} sequences can be dealt out to ${count}` : "";
  const each = gigabytes(trainingBytes(trainer, stage, { cards: count, offload: true }));
  const more = isApart(trainer, stage) ? ", besides those that sample and the one that scores" : "";
  return {
    trainer: "none",
    reason: `${why}; at best it takes ${each} on each of ${count} of ${most} cards${dealt}${more}`,
    remedy:
      count < most
        ? "make the step a multiple of the cards (batchSize, gradientAccumulation), or set runtime.cluster.trainer.nodes"
        : "set runtime.cluster.trainer.nodes, cardsPerNode or cardMemory, gradientCheckpointing, or a shorter maxLength",
  };
}

/** A trainer, the cards that it may have, and the memory of each that may be planned for, bytes. */
interface Offer {
  readonly trainer: Trainer;
  readonly cards: Cards;
  readonly limit: number;
}

interface Found {
  readonly place: CardPlace;
  readonly reason: string;
}

function fewestCards(stage: StageToPlace, offer: Offer): Found | undefined {
  for (const offload of offer.cards.offload ? [true] : [false, true]) {
    for (const count of cardCounts(offer.cards)) {
      if (stage.stepSize % count !== 0) continue;
      const place = isApart(offer.trainer, stage)
        ? placeApart(stage, { cards: count, offload }, offer)
        : placeTogether(stage, { cards: count, offload }, offer);
      if (place === undefined) continue;
      const each = gigabytes(trainingBytes(offer.trainer, stage, { cards: count, offload }));
      const moments = offload ? ", Adam's state in the machines' memory" : "";
      const apart = isApart(offer.trainer, stage)
        ? `, ${cardCountText({ nodes: 1, cardsPerNode: place.tensorParallel })} to sample and one to score`
        : "";
      const on = apart === "" ? place : { nodes: 1, cardsPerNode: count };
      return {
        place,
        reason: `${each} on ${count === 1 ? "one" : `each of ${cardCountText(on)}`}${moments}${apart}`,
      };
    }
  }
  return undefined;
}

const isApart = ({ memory }: Trainer, { kind }: SizedStage): boolean => memory.isApart && kind === "rlhf";

/** All models on the same cards, by turns. */
function placeTogether(stage: StageToPlace, spread: Spread, { trainer, cards, limit }: Offer): CardPlace | undefined {
  const { samplingMemory } = cards;
  const tensorParallel = tensorParallelOf(stage, cards, samplingMemory);
  if (tensorParallel > cards.cardsPerNode || spread.cards % tensorParallel !== 0) return undefined;
  if (trainingBytes(trainer, stage, spread) > limit) return undefined;
  if (stage.kind === "rlhf" && besideSamplingBytes(stage, spread) > (1 - samplingMemory) * limit) return undefined;
  const cardsPerNode = Math.min(spread.cards, cards.cardsPerNode);
  return { nodes: spread.cards / cardsPerNode, cardsPerNode, tensorParallel, offload: spread.offload };
}

/** Cards that train, those of one copy that is sampled from, and one that scores. */
function placeApart(stage: StageToPlace, spread: Spread, { trainer, cards, limit }: Offer): CardPlace | undefined {
  const tensorParallel = tensorParallelOf(stage, cards, APART_SAMPLING_MEMORY);
  const all = spread.cards + tensorParallel + SCORING_CARDS;
  if (tensorParallel > cards.cardsPerNode || all > cards.nodes * cards.cardsPerNode) return undefined;
  if (Math.max(trainingBytes(trainer, stage, spread), scoringBytes(stage)) > limit) return undefined;
  // Ray packs them; no machine has to be whole.
  return { nodes: 1, cardsPerNode: all, tensorParallel, offload: spread.offload };
}

/** Numbers of cards that a stage may have: some of one machine, or all of several. */
function cardCounts({ nodes, cardsPerNode }: Cards): readonly number[] {
  const within = Array.from({ length: cardsPerNode }, (_, index) => index + 1);
  const beyond = Array.from({ length: nodes - 1 }, (_, index) => (index + 2) * cardsPerNode);
  return [...within, ...beyond];
}

/** Cards of one copy for sampling. */
function tensorParallelOf(stage: StageToPlace, { cardMemory, tensorParallel }: Cards, share: number): number {
  return stage.kind === "rlhf" ? (tensorParallel ?? samplingCards(stage, share * cardMemory * 2 ** 30)) : 1;
}

function gigabytes(bytes: number): string {
  const size = bytes / 2 ** 30;
  return `${size.toLocaleString("en-US", { maximumFractionDigits: size < 10 ? 1 : 0 })} GB`;
}
