import { NO_FILTER, type SampleFilter } from "./filter.ts";

/** What is looked at in a run; another run may be looked at in between. */
export interface Setup {
  readonly filter: SampleFilter;
  /** Index of the active row. */
  readonly active: number;
  /** Index of the first row in view. */
  readonly top: number;
  /** Whether the active row is shown in full. */
  readonly isOpen: boolean;
  /** Where another view led to last. */
  readonly place: string;
}

/** Of a run that was not looked at yet. */
export const START: Setup = { filter: NO_FILTER, active: 0, top: 0, isOpen: false, place: "" };
