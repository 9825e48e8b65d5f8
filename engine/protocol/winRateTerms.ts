import { type Translate, inEnglish } from "../common/format.ts";

/** Name, meaning and computation of a number in a win-rate table. */
export interface Term {
  readonly label: string;
  readonly description: string;
}

/** Every number of a win-rate table. Hovers and the report read it. */
export const WIN_RATE_TERMS = {
  winRate: {
    label: "Win %",
    description: "Share of the judged prompts that the first model won; ties count as not won.",
  },
  adjusted: {
    label: "Adjusted %",
    description:
      "Wins and half of the ties, as a share of the judged prompts: above 50, the first model is better than the second.",
  },
  question: {
    label: "Interval by question",
    description:
      "95 % interval of the adjusted rate for new prompts: Wilson's at the effective sample size, where prompts that read the same count as one.",
  },
  seed: {
    label: "Interval by question and seed",
    description:
      "95 % interval of the adjusted rate for new prompts and new base seeds: Wilson's at the effective sample size, clustered both ways, with Student's t of seeds − 1 degrees of freedom.",
  },
  alike: {
    label: "Interval as a bound",
    description:
      "All comparisons ended alike, so there is no spread to measure: the interval is the exact 95 % bound on the share of prompts that could end otherwise although none was seen.",
  },
  p: {
    label: "p",
    description:
      "Probability of a difference at least this large if both models were equally good, not corrected for the number of pairs: the exact sign test by prompt, or over several base seeds the t test that goes with the interval.",
  },
  holm: {
    label: "p (Holm)",
    description:
      "p corrected by Holm's method for the number of pairs in the table: below 0.05, the difference counts as decided.",
  },
  flipRate: {
    label: "Flips %",
    description:
      "Share of prompts for which the judge's two games, with the answers in either order, name different winners: 0 for a judge that does not look at the order.",
  },
  positionBias: {
    label: "First wins %",
    description:
      "Share of games with a winner that the answer shown first won, in both orders together: 50 for a judge without a position bias.",
  },
  longerWins: {
    label: "Longer wins %",
    description: "Decided prompts of which the longer answer won; far from 50, length may be what is judged.",
  },
  lengthControlled: {
    label: "Length-controlled %",
    description:
      "Adjusted rate to expect if both answers were equally long: logistic regression on the difference of lengths, as in length-controlled AlpacaEval without its difficulties of instructions; where nearly all answers of one model are the longer ones it extrapolates, and its interval does not show it.",
  },
  styleControlled: {
    label: "Style-controlled %",
    description:
      "Adjusted rate to expect if both answers were equally long and had as many headers, list entries and bold words per token: logistic regression on these differences, as in style control of Arena-Hard.",
  },
  equivalence: {
    label: "p (±2 points)",
    description:
      "Probability of results this close to 50 % if the true rate were 2 points or more away (two one-sided tests): below 0.05, there is no difference larger than 2 points.",
  },
  more: {
    label: "More to decide",
    description:
      "Further prompts, or further base seeds, that would decide an undecided pair with a power of 80 %, if the true rate and its spread are those observed: for planning a new test, not for adding prompts until p is small.",
  },
  rating: {
    label: "Rating",
    description:
      "Bradley–Terry rating of all models at once by maximum likelihood, ties half a win: 400 points are odds of ten to one; intervals are of the difference from the model at 1000 and clustered by question, over several base seeds by seed.",
  },
  grade: {
    label: "Grade",
    description:
      "Mean of the grades from 1 to 10 that a judge gave a model's answers one by one, as FastChat's show_result has it: each answer counts once, whatever the number of its pairs, and those without a grade are left out. The 95 % interval is Student's, clustered by question, over several base seeds by seed as well.",
  },
  voteAgreement: {
    label: "Agreement %",
    description:
      "Share of the prompts that a person voted on of which the judge gives the same verdict, with Wilson's 95 % interval; votes count as independent of each other, and prompts without a verdict do not count.",
  },
  voteKappa: {
    label: "κ",
    description:
      "Cohen's κ of a person and the judge: their agreement beyond chance, as a share of what chance leaves open: 0 for chance alone and 1 for full agreement, with the 95 % interval of its large-sample error. There is none where either gave one verdict throughout, and no interval after full agreement.",
  },
} as const satisfies Readonly<Record<string, Term>>;

/** A number of a win-rate table. */
export type WinRateTerm = keyof typeof WIN_RATE_TERMS;

/** Every text of the catalogue, for translators. */
export function winRateTexts(): readonly string[] {
  return Object.values(WIN_RATE_TERMS).flatMap(({ label, description }) => [label, description]);
}

/** Describes a number of a win-rate table, in English or another language. */
export function describeWinRateTerm(name: WinRateTerm, translate: Translate = inEnglish): Term {
  const { label, description } = WIN_RATE_TERMS[name];
  return { label: translate(label), description: translate(description) };
}
