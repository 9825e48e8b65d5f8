import { count, section, setting, withSnippets } from "./setting.ts";

/** More rungs would leave the first one hardly trained. */
const MOST_RUNGS = 6;

/** Successive halving of a sweep (Jamieson and Talwalkar 2016, arXiv:1502.07943). */
export const halvingSchema = withSnippets(
  section(
    {
      rungs: setting(count().max(MOST_RUNGS), 2, {
        description:
          "How often the worse half of each swept arm's combinations is dropped: with 2, after a quarter and a half of the iterations",
        source: "this project",
      }),
    },
    "Successive halving: all combinations of a grid train for a part of their iterations, the half that does better on the validation split goes on from there, and so on; one that gets to the end is what it would be without",
  ),
  [
    {
      label: "Successive halving",
      description: "Combinations of a grid are dropped after a quarter and a half of their training",
      body: { rungs: "^${1:2}" },
    },
  ],
);

/** Iterations after which each rung decides; the last part of the training has none. */
export function rungsOf(iterations: number, rungs: number): readonly number[] {
  return Array.from({ length: rungs }, (_, at) => Math.ceil(iterations / 2 ** (rungs - at)));
}

/** Combinations that go on from a rung, counted from 1: the better half of those that came to it. */
export function keptAt(nCombinations: number, rung: number): number {
  return Math.ceil(nCombinations / 2 ** rung);
}
