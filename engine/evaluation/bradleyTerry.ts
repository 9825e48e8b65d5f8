// Kept for the evaluation issue: ratings as Arena-Hard gives them.
import { logisticRegression, type Observation } from "./logistic.ts";
import { randomStream } from "./random.ts";
import { quantileOfSorted, type Interval } from "./statistics.ts";

/** One judged game between two models; `points` is a's: 1, ½ or 0. */
export interface Battle {
  readonly a: string;
  readonly b: string;
  readonly points: number;
  /** How often it counts; Arena-Hard gives a `>>` verdict 3. */
  readonly weight: number;
}

/** Elo's units: 400 points are odds of ten to one. */
const SCALE = 400 / Math.LN10;

/**
 * Pull on the ratings (log-odds), too weak to be seen in any battle-tested rating, which keeps an unbeaten model's
 * finite.
 */
const RIDGE = 1e-6;

/**
 * Bradley–Terry ratings by maximum likelihood, in Elo units (scale 400, base 10), the anchor at 1000.
 *
 * Bradley & Terry 1952; Arena-Hard v0.1 (arXiv:2406.11939), where ties are half a win for each side.
 */
export function bradleyTerry(battles: readonly Battle[], anchor: string): ReadonlyMap<string, number> {
  const models = [...new Set(battles.flatMap(({ a, b }) => [a, b]))].sort();
  const observations = battles.map(({ a, b, points, weight }): Observation => ({
    x: models.map((model) => (model === a ? 1 : 0) - (model === b ? 1 : 0)),
    y: points,
    weight,
  }));
  const strengths = logisticRegression(merged(observations), RIDGE);
  const zero = strengths[models.indexOf(anchor)] ?? 0;
  return new Map(models.map((model, k) => [model, 1000 + SCALE * ((strengths[k] ?? NaN) - zero)]));
}

/** Probability that a beats b, a tie being half, at these ratings. */
export function expectedWinRate(a: number, b: number): number {
  return 1 / (1 + Math.exp((b - a) / SCALE));
}

/**
 * Ratings with percentile-bootstrap intervals: questions are resampled with all their battles, so that the two
 * games of a question stay together (Arena-Hard resamples battles, which makes intervals too narrow).
 *
 * @param questions - Battles, grouped by question.
 * @param anchor - The model at 1000.
 * @param settings - How to resample.
 * @param settings.nResamples - Samples drawn; Arena-Hard takes 100.
 * @param settings.seed - The same seed gives the same intervals.
 */
export function bootstrapRatings(
  questions: readonly (readonly Battle[])[],
  anchor: string,
  { nResamples, seed }: { readonly nResamples: number; readonly seed: number },
): ReadonlyMap<string, Interval> {
  const random = randomStream(seed);
  const resample = (): readonly Battle[] =>
    questions.flatMap(() => questions[Math.floor(random() * questions.length)] ?? []);
  const draws = Array.from({ length: nResamples }, () => bradleyTerry(resample(), anchor));
  const intervalOf = (model: string, estimate: number): Interval => {
    const sorted = draws.flatMap((ratings) => ratings.get(model) ?? []).sort((x, y) => x - y);
    return { estimate, low: quantileOfSorted(sorted, 0.025), high: quantileOfSorted(sorted, 0.975) };
  };
  const whole = bradleyTerry(questions.flat(), anchor);
  return new Map([...whole].map(([model, rating]) => [model, intervalOf(model, rating)]));
}

/** Adds up the weights of equal observations: a thousand games of one pair are three rows. */
function merged(observations: readonly Observation[]): readonly Observation[] {
  const groups = new Map<string, Observation>();
  for (const row of observations) {
    const key = `${row.x.join()}:${row.y}`;
    groups.set(key, { ...row, weight: row.weight + (groups.get(key)?.weight ?? 0) });
  }
  return [...groups.values()];
}
