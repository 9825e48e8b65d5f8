import type { ComparisonRow, WinRateRow } from "../../../engine/protocol/service.ts";

/** A row of a win-rate table, of salsa against ppo where nothing else is said. */
export function rateOf(changes: Partial<WinRateRow> = {}): WinRateRow {
  return {
    benchmark: "inDistribution",
    a: "salsa",
    b: "ppo",
    seed: "all",
    wins: 264,
    losses: 101,
    ties: 659,
    dropped: 0,
    n: 1024,
    winRate: 0.2578125,
    adjusted: 0.57958984375,
    low: 0.5618688893714414,
    high: 0.5971079975801266,
    p: 6.266279752835207e-18,
    holm: 1.879883925850562e-17,
    nSeeds: 1,
    longerWins: 0.5916666666666667,
    flipRate: 0.03125,
    positionBias: 0.5125,
    method: "question",
    nQuestions: 1024,
    equivalence: 0.9999,
    lengthControlled: 0.5612,
    lengthLow: 0.5421,
    lengthHigh: 0.5801,
    ...changes,
  };
}

/** A judged prompt; every third one is a win, and the judge of every fifth changed its mind with the seats. */
export function comparisonOf(index: number): ComparisonRow {
  const outcome = (["win", "loss", "tie"] as const)[index % 3] ?? "tie";
  const winner = ({ win: "a", loss: "b", tie: "tie" } as const)[outcome];
  const isFlip = index % 5 === 0;
  return {
    seed: 1,
    prompt: `prompt ${index}`,
    a: { text: `salsa answers ${index}`, ended: true, nTokens: 6, score: 1.5, gold: 1.25 },
    b: { text: `ppo answers ${index}`, ended: index % 2 === 0, nTokens: 5, score: -0.5 },
    outcome,
    games: [
      { winner, prompt: "Which is better?", judgment: "[[A]]" },
      { winner: isFlip ? "tie" : winner, prompt: "", judgment: "" },
    ],
  };
}
