import {
  type AnswerPair,
  ERROR_TEXT,
  type Game,
  type Judge,
  JudgeError,
  type Ruling,
  type SeatedPair,
  type Verdict,
  verdictOf,
} from "./judges/judge.ts";

/**
 * Seats of the models in the games of a comparison, as FastChat's `llm_judge` plays them: a first, then b first. A judge that
 * is asked several times a game has more of them here.
 */
const SEATINGS = ["ab", "ba"] as const;
/** How often a judge is asked about a game whose errors are retryable. */
const ATTEMPTS = 4;
/** Wait after the first failed attempt; doubles with each, ms. */
const FIRST_WAIT = 1000;

/** A game that is over, and which one it was. */
export interface PlayedGame {
  /** Position of its pair. */
  readonly pair: number;
  /** Its place among the pair's games: 0 seats a first, 1 seats b first. */
  readonly game: number;
  readonly ruling: Ruling;
}

/** How pairs are judged. */
export interface JudgingSettings {
  readonly judge: Judge;
  /** Games that were played before and are not played again. */
  readonly played: Iterable<PlayedGame>;
  /** Called for each game that took time, as soon as it is over, with how many of all are. */
  readonly onGame: (game: PlayedGame, nPlayed: number) => void;
  /** Throws to end the work: before each game. Games that are open then are played to their end. */
  readonly goOn: () => void;
  /** Waits that many ms before a judge is asked again. */
  readonly wait: (ms: number) => Promise<void>;
}

/**
 * Plays two games for every pair, with the seats swapped, as many at a time as the judge can stand.
 *
 * A game that fails counts as an error, which drops its comparison. One whose error may pass is not
 * handed to `onGame`: when the work resumes, the judge is asked again.
 *
 * @returns In the order of the pairs.
 * @throws the errors of `goOn`, `onGame` and `wait`, and errors of the judge other than JudgeError.
 */
export async function judgePairs(pairs: readonly AnswerPair[], settings: JudgingSettings): Promise<readonly Verdict[]> {
  const { judge, played, onGame, goOn, wait } = settings;
  const rulings = new Map([...played].map(({ pair, game, ruling }) => [idOf(pair, game), ruling]));
  const games = gamesOf(pairs, rulings);
  const work = async (): Promise<void> => {
    // The loop that throws closes the generator: the others end with the game they are at.
    for (const { pair, game, shown } of games) {
      goOn();
      const answer = judge.play(shown);
      if (!(answer instanceof Promise)) {
        rulings.set(idOf(pair, game), answer);
        continue;
      }
      const { ruling, isFinal } = await insist(answer, async () => judge.play(shown), wait);
      rulings.set(idOf(pair, game), ruling);
      if (isFinal) onGame({ pair, game, ruling }, rulings.size);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: judge.concurrency }, work));
  const failure = ends.find((one) => one.status === "rejected");
  if (failure !== undefined) throw failure.reason;
  return pairs.map((_, pair) => verdictOf([gameOf(rulings, pair, 0), gameOf(rulings, pair, 1)]));
}

/** Verdicts of the pairs both of whose games were played, by the pair's position. */
export function verdictsOf(played: Iterable<PlayedGame>): ReadonlyMap<number, Verdict> {
  const rulings = new Map([...played].map(({ pair, game, ruling }) => [idOf(pair, game), ruling]));
  const pairs = new Set([...rulings.keys()].map((id) => Math.floor(id / SEATINGS.length)));
  const whole = [...pairs].filter((pair) => SEATINGS.every((_, game) => rulings.has(idOf(pair, game))));
  return new Map(whole.map((pair) => [pair, verdictOf([gameOf(rulings, pair, 0), gameOf(rulings, pair, 1)])]));
}

/** Games that are still to be played, handed out one by one to whichever worker is free. */
function* gamesOf(
  pairs: readonly AnswerPair[],
  rulings: ReadonlyMap<number, Ruling>,
): Generator<Pick<PlayedGame, "pair" | "game"> & { readonly shown: SeatedPair }, undefined> {
  for (const [pair, answers] of pairs.entries()) {
    for (const game of SEATINGS.keys()) {
      if (!rulings.has(idOf(pair, game))) yield { pair, game, shown: seated(answers, game) };
    }
  }
}

const idOf = (pair: number, game: number): number => pair * SEATINGS.length + game;

function seated({ question, a, b }: AnswerPair, game: number): SeatedPair {
  return SEATINGS[game] === "ab" ? { question, first: a, second: b } : { question, first: b, second: a };
}

/** Asks again where the judge's errors say that it may help; `isFinal` says whether it would not any more. */
async function insist(
  first: Promise<Ruling>,
  again: () => Promise<Ruling>,
  wait: JudgingSettings["wait"],
): Promise<{ readonly ruling: Ruling; readonly isFinal: boolean }> {
  let answer = first;
  for (let attempt = 1; ; attempt++) {
    try {
      return { ruling: await answer, isFinal: true };
    } catch (error) {
      if (!(error instanceof JudgeError)) throw error;
      if (!error.isRetryable || attempt === ATTEMPTS) {
        const judgment = `${ERROR_TEXT} ${error.message}`;
        const ruling = { winner: "error", judgment, problem: "failed" } as const;
        return { ruling, isFinal: !error.isPassing };
      }
      await wait(error.retryAfter ?? FIRST_WAIT * 2 ** (attempt - 1));
    }
    answer = again();
  }
}

function gameOf(rulings: ReadonlyMap<number, Ruling>, pair: number, game: number): Game {
  const { winner, votes, grades, ...texts }: Ruling = rulings.get(idOf(pair, game)) ?? { winner: "error" };
  const [first, second] = SEATINGS[game] === "ab" ? (["a", "b"] as const) : (["b", "a"] as const);
  const modelIn = { first, second, tie: "tie" } as const;
  return {
    ...texts,
    winner: winner === "error" ? winner : modelIn[winner],
    ...(votes !== undefined && { votes: votes.map((vote) => modelIn[vote]) }),
    ...(grades !== undefined && { grades: grades.map((one) => ({ ...one, answer: modelIn[one.answer] })) }),
  };
}
