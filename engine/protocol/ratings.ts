import type { Table } from "./events.ts";

/** A model's Bradley–Terry rating on a benchmark, as the table of ratings has it. */
export interface RatedModel {
  readonly benchmark: string;
  readonly model: string;
  /** "1042", "unbeaten", "–". */
  readonly text: string;
  /** Elo's points; undefined for a model that won or lost everything, or cannot be compared. */
  readonly rating?: number;
  /** 95 % interval of the difference from the model at 1000, which has none itself. */
  readonly low?: number;
  readonly high?: number;
}

/** An interval as the table of ratings says it: "1012 to 1071". */
export function ratingInterval(low: number, high: number): string {
  return `${low.toFixed(0)} to ${high.toFixed(0)}`;
}

/** The models of a run's table of ratings, in its order; rows that are none are left out. */
export function ratedModels({ rows }: Pick<Table, "rows">): readonly RatedModel[] {
  return rows.flatMap(([benchmark, model, text, interval]) => {
    if (typeof benchmark !== "string" || typeof model !== "string" || typeof text !== "string") return [];
    const ends = /^(-?\d{1,9}) to (-?\d{1,9})$/.exec(String(interval));
    return [
      {
        ...{ benchmark, model, text },
        ...(/^-?\d{1,9}$/.test(text) && { rating: Number(text) }),
        ...(ends !== null && { low: Number(ends[1]), high: Number(ends[2]) }),
      },
    ];
  });
}
