import type { ComparisonRow, GameView, Vote } from "../../engine/protocol/verdicts.ts";
import { t } from "../localize.ts";

/** Names of the two models. */
export interface Names {
  readonly a: string;
  readonly b: string;
}

/** The outcome of a comparison in a word: who is preferred. */
export function outcomeName(outcome: ComparisonRow["outcome"], { a, b }: Names): string {
  return { win: a, loss: b, tie: t("tie"), dropped: t("dropped") }[outcome];
}

/** The meaning of an outcome for the win rate. */
export function outcomeText(outcome: ComparisonRow["outcome"], { a, b }: Names): string {
  switch (outcome) {
    case "win":
      return t("Counts as a win for {0}", a);
    case "loss":
      return t("Counts as a win for {0}", b);
    case "tie":
      return t("Counts as a tie");
    case "dropped":
      return t("Left out: the judge gave no verdict");
  }
}

/** The verdict of one game in a word. */
export function gameName({ winner }: GameView, { a, b }: Names): string {
  return { a, b, tie: t("tie"), error: t("no verdict") }[winner];
}

/** A person's vote in a word: who is preferred. */
export function voteName(vote: Vote, { a, b }: Names): string {
  return { a, b, tie: t("tie") }[vote];
}
