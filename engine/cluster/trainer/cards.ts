/** Cards of a stage that another trainer makes. */
export interface CardPlace {
  readonly nodes: number;
  readonly cardsPerNode: number;
  /** Cards that hold one copy of the policy while it is sampled from. */
  readonly tensorParallel: number;
  readonly offload: boolean;
}

/** Share of a card that samples alone which sampling takes (vLLM). */
export const APART_SAMPLING_MEMORY = 0.9;
/** The card that scores, where scoring is apart. */
export const SCORING_CARDS = 1;

/** Cards of a place. */
export function cardsOf({ nodes, cardsPerNode }: Pick<CardPlace, "nodes" | "cardsPerNode">): number {
  return nodes * cardsPerNode;
}

/** Cards that train, of a place with others for sampling and scoring. */
export function trainingCards(place: CardPlace): number {
  return cardsOf(place) - place.tensorParallel - SCORING_CARDS;
}

/** "8 cards", "2 × 8 cards". */
export function cardCountText({ nodes, cardsPerNode }: Pick<CardPlace, "nodes" | "cardsPerNode">): string {
  const cards = `${cardsPerNode} card${cardsPerNode === 1 ? "" : "s"}`;
  return nodes === 1 ? cards : `${nodes} × ${cards}`;
}
