import { Remembered } from "../remembered.ts";

/** Selection of a run's curves to show. */
export interface MetricFilter {
  readonly search: string;
  /** Names of hidden lines and folders of hidden runs. */
  readonly hidden: readonly string[];
  /** Stages to show exclusively; all are shown if it is empty. */
  readonly stages: readonly string[];
}

/** Filters by the run that is in focus first: what was left out of one run is there in another. */
export const METRIC_FILTERS = new Remembered<MetricFilter>("metrics.filter", { search: "", hidden: [], stages: [] });
