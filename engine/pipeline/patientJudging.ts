import { setTimeout as wait } from "node:timers/promises";
import { type AnswerPair, type Judge, JudgeError, type Verdict } from "../evaluation/judges/judge.ts";
import { judgePairs } from "../evaluation/judging.ts";

/** The judge does not come to a verdict. */
export class SilentJudge extends Error {
  override readonly name = "SilentJudge";
}

/** How long a judge is waited for. */
export interface JudgePatience {
  readonly signal: AbortSignal;
  /** Milliseconds without a verdict after which it is given up. */
  readonly longestSilenceMs: number;
}

/**
 * Has pairs judged while something else waits for it: all of it is given up once a game has failed in a way that concerns
 * them all, or no game has ended for long.
 *
 * @param pairs - Played in both orders.
 * @param judgeOf - Makes the judge, whose requests end with the signal.
 * @throws {SilentJudge}, the first such failure, and the signal's reason.
 */
export async function judgedInTime(
  pairs: readonly AnswerPair[],
  judgeOf: (signal: AbortSignal) => Judge,
  { signal, longestSilenceMs }: JudgePatience,
): Promise<readonly Verdict[]> {
  const given = new AbortController();
  const ends = AbortSignal.any([signal, given.signal]);
  const silence = setTimeout(() => {
    given.abort(new SilentJudge(`the judge gave no verdict for ${longestSilenceMs / 1000} s`));
  }, longestSilenceMs);
  try {
    return await judgePairs(pairs, {
      judge: failingOnce(judgeOf(ends), (error) => given.abort(error)),
      played: [],
      onGame: () => silence.refresh(),
      goOn: () => ends.throwIfAborted(),
      wait: (ms) => wait(ms, undefined, { signal: ends }),
    });
  } finally {
    clearTimeout(silence);
  }
}

function failingOnce(judge: Judge, onFailure: (error: unknown) => void): Judge {
  return {
    concurrency: judge.concurrency,
    play(game) {
      const ruling = judge.play(game);
      if (!(ruling instanceof Promise)) return ruling;
      return ruling.catch((error: unknown) => {
        if (!(error instanceof JudgeError)) onFailure(error);
        throw error;
      });
    },
  };
}
