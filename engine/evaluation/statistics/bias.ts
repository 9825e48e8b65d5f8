import type { GameWinner, Outcome } from "../judges/judge.ts";
import { mean } from "./mean.ts";

/** Signs that a judge looks at something else than the answers. */
export interface Biases {
  /** Share of decided comparisons that the longer answer won; absent without lengths. */
  readonly longerWins?: number;
  /** Share of comparisons whose two games name different winners, as a judge that looks at the seat would. */
  readonly flipRate?: number;
  /** Share of games with a winner that the answer shown first won: ½ for a judge that does not look at the seat. */
  readonly positionBias?: number;
}

/** A comparison that counts. */
interface Judged {
  readonly outcome: Outcome;
  /** The two games: a is shown first in one, b in the other. */
  readonly games?: readonly [GameWinner, GameWinner];
  readonly lengths?: readonly [number, number];
}

/** Signs of bias among comparisons, each where there is something to see it by. */
export function biases(counted: readonly Judged[]): Biases {
  const longer = counted.flatMap(({ outcome, lengths }) => {
    if (lengths === undefined || lengths[0] === lengths[1] || outcome === "tie") return [];
    return [(outcome === "win") === lengths[0] > lengths[1] ? 1 : 0];
  });
  const played = counted.flatMap(({ games }) => (games === undefined ? [] : [games]));
  const flips = played.map((games) => (games[0] !== games[1] && !games.includes("tie") ? 1 : 0));
  const firsts = played.flatMap(([one, two]) => [...firstWon(one, "a"), ...firstWon(two, "b")]);
  return {
    ...(longer.length > 0 && { longerWins: mean(longer) }),
    ...(flips.length > 0 && { flipRate: mean(flips) }),
    ...(firsts.length > 0 && { positionBias: mean(firsts) }),
  };
}

/** 1 or 0 by whether the answer shown first won; nothing where none did. */
function firstWon(winner: GameWinner, first: "a" | "b"): readonly number[] {
  return winner === "a" || winner === "b" ? [winner === first ? 1 : 0] : [];
}
