import type { DashboardModel } from "../model.ts";
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

/** Changes the filter of the run that is in focus first. */
export function filterMetrics(model: DashboardModel, change: Partial<MetricFilter>): void {
  METRIC_FILTERS.set(model, model.focus.runs[0] ?? "", change);
}

/** Hides a line or a run, or shows it again. */
export function toggleLine(model: DashboardModel, id: string): void {
  const { hidden } = METRIC_FILTERS.of(model, model.focus.runs[0] ?? "");
  filterMetrics(model, { hidden: hidden.includes(id) ? hidden.filter((one) => one !== id) : [...hidden, id] });
}
