import type { RankedResponses, Response, Rng } from "./task.ts";

/** Gold scores of two responses, and how noisily they are read. */
export interface LabelSettings {
  readonly gold: (response: Response) => number;
  /** Difference of gold scores that the noise is worth. */
  readonly temperature: number;
}

/**
 * The response that a noisy labeller prefers, by Bradley–Terry: P(first) = σ(difference of gold scores / temperature).
 * Undefined for two that are equally good.
 */
export function labelled(
  [first, second]: readonly [Response, Response],
  { gold, temperature }: LabelSettings,
  rng: Rng,
): RankedResponses | undefined {
  const margin = gold(first) - gold(second);
  if (margin === 0) return undefined;
  const firstWins = rng.uniform() < 1 / (1 + Math.exp(-margin / temperature));
  return firstWins ? { chosen: first, rejected: second } : { chosen: second, rejected: first };
}
