import type { ModelSize } from "./memory.ts";
import { isSent, placeStage } from "./placement.ts";
import type { TrainedKind } from "../../config/trainedKinds.ts";
import { trainerNamed } from "../trainers.ts";

/** A usual model of a size, in thousands of millions of parameters. */
const MODELS: readonly (readonly [name: string, size: ModelSize])[] = [
  ["0.1B", { parameters: 0.135e9, nLayers: 30, hiddenSize: 576, vocabularySize: 49_152 }],
  ["0.5B", { parameters: 0.49e9, nLayers: 24, hiddenSize: 896, vocabularySize: 151_936 }],
  ["1B", { parameters: 1.2e9, nLayers: 16, hiddenSize: 2048, vocabularySize: 128_256 }],
  ["3B", { parameters: 3.2e9, nLayers: 28, hiddenSize: 3072, vocabularySize: 128_256 }],
  ["7B", { parameters: 6.7e9, nLayers: 32, hiddenSize: 4096, vocabularySize: 32_000 }],
  ["13B", { parameters: 13e9, nLayers: 40, hiddenSize: 5120, vocabularySize: 32_000 }],
  ["34B", { parameters: 34e9, nLayers: 48, hiddenSize: 8192, vocabularySize: 32_000 }],
  ["70B", { parameters: 70.6e9, nLayers: 80, hiddenSize: 8192, vocabularySize: 128_256 }],
];
/** Cards by the machines that have them, eight each from eight on. */
const CARDS = [1, 2, 4, 8, 16, 32, 64] as const;
const LENGTH = 2048;
/** Divisible by every number of cards. */
const STEP = 128;
const PER_NODE = 8;

/** A table by its words. */
export interface FitTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * Trainers of models of each size on so many cards: of a step of 128 sequences of 2,048 tokens, one at a time on a card, with
 * gradient checkpointing.
 *
 * @param kind - Of the stage.
 * @param cardMemory - Of a card, in GB.
 */
export function fitTable(kind: TrainedKind, cardMemory: number): FitTable {
  return {
    columns: [kind, ...CARDS.map((cards) => `${cards} card${cards === 1 ? "" : "s"}`)],
    rows: MODELS.map(([name, size]) => [name, ...CARDS.map((cards) => cellOf(kind, size, cards, cardMemory))]),
  };
}

function cellOf(kind: TrainedKind, size: ModelSize, cards: number, cardMemory: number): string {
  const stage = { ...size, kind, length: LENGTH, microBatchSize: 1, gradientCheckpointing: true, stepSize: STEP };
  const placement = placeStage(stage, {
    ...{ use: "auto", cardMemory, samplingMemory: 0.5, offload: false },
    ...{ nodes: Math.ceil(cards / PER_NODE), cardsPerNode: Math.min(cards, PER_NODE) },
  });
  if (!isSent(placement)) return placement.trainer === "own" ? "ours" : "–";
  const { title } = trainerNamed(placement.trainer);
  return placement.place.offload ? `${title}, offload` : title;
}
