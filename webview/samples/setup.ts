import { NO_FILTER, type SampleFilter } from "./filter.ts";

/** View state for a run, restored when the user returns to it. */
export interface Setup {
  readonly filter: SampleFilter;
  /** Index of the active row. */
  readonly active: number;
  /** Index of the first row in view. */
  readonly top: number;
  /** True if the active row is shown in full. */
  readonly isOpen: boolean;
  /** Key of the place that another view last linked to. */
  readonly place: string;
}

/** State of a run that was not viewed yet. */
export const START: Setup = { filter: NO_FILTER, active: 0, top: 0, isOpen: false, place: "" };
