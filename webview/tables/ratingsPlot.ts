import type { RatedModel } from "../../engine/protocol/ratings.ts";

/** A rating in pixels; whiskers are absent where there is no interval. */
export interface RatingMark {
  readonly model: RatedModel;
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

/** Ratings of a benchmark as dots with whiskers, in pixels. */
export interface RatingsPlot {
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  /** Of the model at 1000. */
  readonly reference: number;
  readonly ticks: readonly { readonly x: number; readonly label: string }[];
  readonly labels: readonly { readonly y: number; readonly text: string }[];
  readonly marks: readonly RatingMark[];
}

const [LINE, LABELS, MARGIN, AXIS] = [22, 190, 16, 24];
/** Ticks at most, and least points beside 1000 that are drawn. */
const [MOST_TICKS, LEAST] = [7, 25];

/** Lays out the ratings that are numbers, a line each. */
export function ratingsPlot(models: readonly RatedModel[], width: number): RatingsPlot {
  const drawn = models.filter(({ rating }) => rating !== undefined);
  const { first, last, step } = domain(drawn);
  const [left, right] = [Math.min(LABELS, width * 0.4), width - MARGIN];
  const x = (rating: number): number => left + ((rating - first) / (last - first)) * (right - left);
  const y = (place: number): number => (place + 0.5) * LINE;
  const bottom = drawn.length * LINE;
  return {
    height: bottom + AXIS,
    ...{ left, right, bottom, reference: x(1000) },
    ticks: Array.from({ length: Math.round((last - first) / step) + 1 }, (_, at) => first + at * step).map(
      (rating) => ({
        x: x(rating),
        label: String(rating),
      }),
    ),
    labels: drawn.map(({ model }, place) => ({ y: y(place), text: model })),
    marks: drawn.map((model, place) => {
      const { rating = 1000, low, high } = model;
      const whiskers = low !== undefined && high !== undefined && { low: x(low), high: x(high) };
      return { model, x: x(rating), y: y(place), ...whiskers };
    }),
  };
}

/** All intervals and 1000, rounded outwards to ticks. */
function domain(models: readonly RatedModel[]): {
  readonly first: number;
  readonly last: number;
  readonly step: number;
} {
  const all = models.flatMap(({ rating = 1000, low = rating, high = rating }) => [low, rating, high]);
  const [least, most] = [Math.min(1000 - LEAST, ...all), Math.max(1000 + LEAST, ...all)];
  const step = stepOf((most - least) / MOST_TICKS);
  return { first: Math.floor(least / step) * step, last: Math.ceil(most / step) * step, step };
}

/** The next of 1, 2, 5, 10, 20, … */
function stepOf(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= least) ?? 10 * power;
}
