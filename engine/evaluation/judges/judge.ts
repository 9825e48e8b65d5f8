import type { GameProblem } from "../../protocol/gameProblems.ts";
import type { Message } from "../../protocol/conversation.ts";

/** Scores that answers may carry: a task's gold score, which is the truth, and a reward model's. */
export type ScoreName = "gold" | "reward";

/** A question as judges see it. */
export interface JudgedQuestion {
  /** Unique within the benchmark. */
  readonly id: string;
  readonly category?: string;
  /** The conversation up to the turn that is answered; a plain prompt is one turn of the user. */
  readonly prompt: readonly Message[];
  /** An answer that is known to be right, where the benchmark has one. */
  readonly reference?: string;
  /** Of a later turn: what came before it. Then `prompt` is what the user says in this turn alone. */
  readonly earlier?: readonly EarlierTurn[];
}

/** A turn that was answered before, by each model for itself. */
export interface EarlierTurn {
  readonly said: string;
  readonly reference?: string;
}

/** An answer as judges see it. */
export interface JudgedAnswer {
  readonly text: string;
  /** False for an answer that was cut off. */
  readonly ended: boolean;
  readonly nTokens: number;
  /** The model's own answers to the turns before. */
  readonly earlier?: readonly string[];
  /** Unknown scores are absent. */
  readonly scores: Readonly<Partial<Record<ScoreName, number>>>;
}

/** A question with two models' answers to it. */
export interface AnswerPair {
  readonly question: JudgedQuestion;
  readonly a: JudgedAnswer;
  readonly b: JudgedAnswer;
}

/** The pair as one game shows it: by seat, without the models' identities. */
export interface SeatedPair {
  readonly question: JudgedQuestion;
  readonly first: JudgedAnswer;
  readonly second: JudgedAnswer;
}

/** The winner by seat, before the seats are translated to models. */
export type SeatWinner = "first" | "second" | "tie" | "error";

/** A verdict that was given, by seat. */
export type SeatVote = Exclude<SeatWinner, "error">;

/** The winner of one game, by model and not by seat. */
export type GameWinner = "a" | "b" | "tie" | "error";

/** How a comparison ended for side a; `dropped` when a game of it had an error. */
export type Outcome = "win" | "loss" | "tie" | "dropped";

/** Cost of a game, as far as the judge knows it. */
export interface GameCost {
  readonly promptTokens?: number;
  readonly completionTokens?: number;
  /** US dollars. */
  readonly price?: number;
}

/** FastChat's text for a judgment that failed. */
export const ERROR_TEXT = "$ERROR$";

/** A grade of one answer, and the words that it came with. */
export interface Grade {
  /** Name of the judge, and that of the prompt that it was shown. */
  readonly judge: readonly [model: string, prompt: string];
  /** From 1 to 10; absent where the judge gave none. */
  readonly score?: number;
  readonly userPrompt: string;
  readonly judgment: string;
}

/** A judge's decision on one game; the texts are there when a language model judged. */
export interface Ruling {
  readonly winner: SeatWinner;
  readonly problem?: GameProblem;
  /** True where the question or an answer looks as if it told the judge what to say. */
  readonly isSuspicious?: boolean;
  /** Of several judges: verdicts of those that decided. */
  readonly votes?: readonly SeatVote[];
  /** Of judges that grade answers one by one: their grades of both. */
  readonly grades?: readonly (Grade & { readonly answer: "first" | "second" })[];
  /** The model that replied, by its server's word. */
  readonly model?: string;
  /** The prompt that the judge was shown. */
  readonly userPrompt?: string;
  /** The judge's response. */
  readonly judgment?: string;
  readonly cost?: GameCost;
}

/** Decides games. */
export interface Judge {
  /** Games that may be open at a time; 1 for a judge that answers at once. */
  readonly concurrency: number;
  /**
   * Decides one game. A judge that answers at once and never fails returns no promise, and its games are not saved:
   * asking again costs nothing. The promise of any other rejects with JudgeError when it cannot decide; another error
   * ends the stage.
   */
  play(game: SeatedPair): Ruling | Promise<Ruling>;
}

/** A game that a judge cannot decide. */
export class JudgeError extends Error {
  override readonly name = "JudgeError";
  /** True if asking again may help, as with a busy server or a quota, but not with a refusal. */
  readonly isRetryable: boolean;
  /** True where the judge may decide the game another day: it is an error now, and asked again when the work resumes. */
  readonly isPassing: boolean;
  /** Ms after which the judge wants to be asked again, if it said so. */
  readonly retryAfter: number | undefined;

  constructor(
    message: string,
    {
      isRetryable,
      isPassing = isRetryable,
      retryAfter,
    }: { readonly isRetryable: boolean; readonly isPassing?: boolean; readonly retryAfter?: number },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.isRetryable = isRetryable;
    this.isPassing = isPassing;
    this.retryAfter = retryAfter;
  }
}

/** One game by model. */
export interface Game extends Omit<Ruling, "winner" | "votes" | "grades"> {
  readonly winner: GameWinner;
  readonly votes?: readonly ("a" | "b" | "tie")[];
  readonly grades?: readonly (Grade & { readonly answer: "a" | "b" })[];
}

/** Two games with the sides swapped, and their outcome for a. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly games: readonly [Game, Game];
}

/**
 * The verdict of two games: the side that won both wins, disagreement or a tie is a tie, an error drops the comparison
 * (FastChat `show_result.py`).
 */
export function verdictOf(games: readonly [Game, Game]): Verdict {
  const [one, two] = [games[0].winner, games[1].winner];
  if (one === "error" || two === "error") return { outcome: "dropped", games };
  if (one === "tie" || one !== two) return { outcome: "tie", games };
  return { outcome: one === "a" ? "win" : "loss", games };
}
