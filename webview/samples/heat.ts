import type { TokenView } from "../../engine/protocol/samples.ts";

/** Quantities of a token that can be drawn. */
export const QUANTITIES = ["logprobs", "kl", "rewards", "advantages", "values"] as const;
export type Quantity = (typeof QUANTITIES)[number];

/** How values become colours. Log-probabilities end at 0; the others have it in the middle. */
export interface HeatScale {
  readonly isDiverging: boolean;
  /** Distance from 0 at which the colour is full. */
  readonly reach: number;
}

/** Blue below and orange above: apart for every kind of colour blindness. */
const BELOW = [26, 108, 224] as const;
const ABOVE = [226, 112, 0] as const;
/** Of the colour over the editor's background: text stays readable on it in light and dark. */
const MOST_OPAQUE = 0.5;

/** One scale over all responses that are shown together, so that their colours can be compared. */
export function heatScale(quantity: Quantity, views: readonly TokenView[]): HeatScale {
  const sizes = views.flatMap((view) => view[quantity].filter(Number.isFinite).map(Math.abs));
  return { isDiverging: quantity !== "logprobs", reach: sizes.reduce((most, size) => Math.max(most, size), 0) };
}

/** CSS colour of a value; a value that is no number has none. */
export function heatColour(value: number | null | undefined, { reach }: HeatScale): string {
  if (value === null || value === undefined || !Number.isFinite(value) || reach === 0) return "transparent";
  const [red, green, blue] = value < 0 ? BELOW : ABOVE;
  const share = Math.min(1, Math.abs(value) / reach);
  return `rgba(${red}, ${green}, ${blue}, ${(share * MOST_OPAQUE).toFixed(3)})`;
}

/** Sum and mean over a response's tokens; numbers that are not finite are passed over. */
export function totals(values: readonly (number | null)[]): { readonly sum: number; readonly mean: number } {
  const finite = values.filter((value): value is number => Number.isFinite(value));
  const sum = finite.reduce((total, value) => total + value, 0);
  return { sum, mean: finite.length === 0 ? NaN : sum / finite.length };
}

/**
 * Parts of the reward of a response: what its score was paid, after scaling, clipping and penalties of its own, and what
 * the KL took. Before the last token a reward is the KL's alone, which tells its weight, by length or not (`rewards`).
 */
export function rewardParts({ rewards, kl }: Pick<TokenView, "rewards" | "kl">): {
  readonly score: number;
  readonly penalty: number;
} {
  let [product, square] = [0, 0];
  for (const [at, one] of kl.slice(0, -1).entries()) {
    product += one * (rewards[at] ?? 0);
    square += one * one;
  }
  const penalty = square === 0 ? 0 : (product / square) * totals(kl).sum;
  return { score: totals(rewards).sum - penalty, penalty };
}
