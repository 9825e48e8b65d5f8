import type { ComparisonQuery, LengthFilter, PairParams, VoteFilter } from "../../engine/protocol/verdicts.ts";

/** Outcomes to filter by. */
export type Outcome = NonNullable<ComparisonQuery["outcome"]>;

/** Which comparisons of a pair are shown, and which of them is read. */
export interface Chosen {
  readonly outcome?: Outcome | undefined;
  /** Without ties. */
  readonly isDecided?: boolean | undefined;
  readonly length?: LengthFilter | undefined;
  readonly category?: string | undefined;
  readonly seed?: number | undefined;
  readonly isDisputed?: boolean | undefined;
  readonly vote?: VoteFilter | undefined;
  readonly text: string;
  /** Index of the active row. */
  readonly active: number;
  /** True if the active row is shown in full. */
  readonly isOpen: boolean;
}

/** All comparisons, from the first. */
export const ALL: Chosen = { text: "", active: 0, isOpen: false };

/** Removes every filter. */
export const NO_FILTER: Partial<Chosen> = {
  ...{ outcome: undefined, isDecided: undefined, length: undefined, isDisputed: undefined },
  ...{ category: undefined, seed: undefined, vote: undefined, text: "" },
};

/** Filters that may stay in blind mode: the others tell what is hidden. */
export function blindly(chosen: Chosen): Partial<Chosen> {
  const { category, seed, vote, text } = chosen;
  return { ...NO_FILTER, category, seed, vote: vote === "differs" ? undefined : vote, text };
}

/** The part of a request that says which comparisons are wanted. */
export type Wanted = Omit<ComparisonQuery, "offset" | "limit">;

/** The comparisons of a pair that were chosen. */
export function wantedOf(pair: PairParams, chosen: Chosen): Wanted {
  const { outcome, isDecided, length, category, seed, isDisputed, vote, text } = chosen;
  return {
    ...pair,
    ...(outcome !== undefined && { outcome }),
    // Ties that are asked for are shown.
    ...(isDecided === true && outcome !== "tie" && { isDecided }),
    ...(length !== undefined && { length }),
    ...(category !== undefined && { category }),
    ...(seed !== undefined && { seed }),
    ...(isDisputed === true && { isDisputed }),
    ...(vote !== undefined && { vote }),
    ...(text !== "" && { text }),
  };
}

/** Requests another selection of comparisons; what is left out stays as it is. */
export class ChosenEvent extends Event {
  static readonly type = "chosen";
  readonly change: Partial<Chosen>;

  constructor(change: Partial<Chosen>) {
    super(ChosenEvent.type, { bubbles: true, composed: true });
    this.change = change;
  }
}
