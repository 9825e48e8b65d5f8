import { FROM_ZERO, type MetricEntry, SHARE } from "./entry.ts";

/** Of validation answers and of the choice of β among candidates. */
export const CHOICES = [
  {
    name: "validation/score",
    label: "Validation score",
    unit: "score",
    description:
      "Mean score of the answers to the validation split: the task's gold score, or the reward model's where there is none",
    source: "",
  },
  {
    name: "choice/beta",
    label: "Chosen β",
    unit: "",
    description: "KL weight of the candidate that became the arm",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "choice/score",
    label: "Score of the chosen",
    unit: "score",
    description: "Mean score by the run's judge of the chosen candidate's answers to the validation split",
    source: "",
  },
] as const satisfies readonly MetricEntry[];

/** Of a policy that is compared with its start while it learns. */
export const PROGRESS = [
  {
    name: "evaluation/winRate",
    label: "Win rate against the start",
    unit: "share",
    description:
      "Share of a few prompts of the validation split on which the policy answers better than the model that it started as, by the run's judge, a tie as half; band: 95 % interval over the prompts",
    source: "TRL 0.12 WinRateCallback eval_win_rate",
    interval: ["evaluation/winRateLow", "evaluation/winRateHigh"],
    bounds: SHARE,
  },
  {
    name: "evaluation/winRateLow",
    label: "Win rate against the start, lower end",
    unit: "share",
    description: "Lower end of the 95 % interval of the win rate against the start",
    source: "",
    bounds: SHARE,
  },
  {
    name: "evaluation/winRateHigh",
    label: "Win rate against the start, upper end",
    unit: "share",
    description: "Upper end of the 95 % interval of the win rate against the start",
    source: "",
    bounds: SHARE,
  },
] as const satisfies readonly MetricEntry[];

/** Of judgments, recorded where there is something to tell. */
export const JUDGING = [
  {
    name: "judge/dropped",
    label: "Dropped comparisons",
    unit: "comparisons",
    description: "Comparisons that are left out because the judge could not decide one of their games",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "judge/malformed",
    label: "Games without a verdict",
    unit: "games",
    description: "Games whose judge gave no verdict in the form that was asked for",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "judge/double",
    label: "Games with two verdicts",
    unit: "games",
    description:
      "Games whose judge gave two different verdicts, of which the last counts, or grades, of which the first",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "judge/outOfRange",
    label: "Grades out of range",
    unit: "games",
    description: "Games with a grade that is none from 1 to 10, which is left out",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "judge/refused",
    label: "Refused games",
    unit: "games",
    description: "Games that the judge refused to decide",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "judge/cutOff",
    label: "Games cut off",
    unit: "games",
    description: "Games whose judge reached its longest reply: what it said is not a verdict",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "judge/failed",
    label: "Failed games",
    unit: "games",
    description: "Games that the judge's server refused, or did not answer as it should",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "judge/suspicious",
    label: "Suspicious comparisons",
    unit: "comparisons",
    description: "Comparisons whose question or answers look as if they told the judge what to say",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "judge/models",
    label: "Changes of the judging model",
    unit: "models",
    description: "Models that replied beside the first one, according to the server: 0 unless it changed midway",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "judge/promptTokens",
    label: "Tokens read by the judge",
    unit: "tokens",
    description: "Tokens of the judge's prompts, as far as its server reports them",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "judge/completionTokens",
    label: "Tokens written by the judge",
    unit: "tokens",
    description: "Tokens of the judge's replies, as far as its server reports them",
    source: "",
    bounds: FROM_ZERO,
  },
  {
    name: "judge/price",
    label: "Price of judging",
    unit: "US dollars",
    description: "Cost of the games, as far as the judge reports it",
    source: "",
    bounds: FROM_ZERO,
  },
] as const satisfies readonly MetricEntry[];
