import type { GameWinner, Outcome } from "../winRates.ts";

/** One look of a judge at two answers; the texts are there when a language model judged. */
export interface Game {
  readonly winner: GameWinner;
  readonly userPrompt?: string;
  readonly judgment?: string;
}

/** Two games with the sides swapped, and what they amount to for a. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly games: readonly [Game, Game];
}

/** Compares two answers to a prompt. */
export interface Judge {
  readonly name: string;
  readonly compare: (prompt: string, a: string, b: string) => Promise<Verdict>;
}

/** Who wins by seat, before the seats are translated to models. */
export type SeatWinner = "first" | "second" | "tie" | "error";

/** One game as it is played: the answer in the first seat and the one in the second. */
export type PlayGame = (
  prompt: string,
  first: string,
  second: string,
) => Promise<Omit<Game, "winner"> & { readonly winner: SeatWinner }>;

/**
 * A judge that plays two games, a first and then b first, as FastChat's `llm_judge` does.
 */
export function twoGameJudge(name: string, play: PlayGame): Judge {
  return {
    name,
    async compare(prompt, a, b) {
      const seatedAb = await play(prompt, a, b);
      const seatedBa = await play(prompt, b, a);
      return verdictOf([
        { ...seatedAb, winner: modelIn(seatedAb.winner, "a", "b") },
        { ...seatedBa, winner: modelIn(seatedBa.winner, "b", "a") },
      ]);
    },
  };
}

/**
 * What two games amount to: the side that won both wins, disagreement or a tie is a tie, an error drops the
 * comparison (FastChat `show_result.py`).
 */
export function verdictOf(games: readonly [Game, Game]): Verdict {
  const [one, two] = [games[0].winner, games[1].winner];
  if (one === "error" || two === "error") return { outcome: "dropped", games };
  if (one === "tie" || one !== two) return { outcome: "tie", games };
  return { outcome: one === "a" ? "win" : "loss", games };
}

function modelIn(winner: SeatWinner, first: "a" | "b", second: "a" | "b"): GameWinner {
  if (winner === "first") return first;
  return winner === "second" ? second : winner;
}
