import { DASHBOARD_VIEWS, type DashboardFocus } from "../../engine/protocol/dashboard.ts";
import { runTitle } from "../../engine/protocol/runTitle.ts";
import type { RunSummary } from "../../engine/protocol/service.ts";

/** Default focus when nothing else is known. */
export const NO_FOCUS: DashboardFocus = { view: "pipeline", runs: [] };

/** Parses the focus that the page kept over a reload of the window; an earlier version may have written it. */
export function readFocus(kept: unknown): DashboardFocus {
  if (typeof kept !== "object" || kept === null) return NO_FOCUS;
  const { view, runs, place } = kept as Partial<Record<keyof DashboardFocus, unknown>>;
  return {
    view: DASHBOARD_VIEWS.find((one) => one === view) ?? NO_FOCUS.view,
    runs: Array.isArray(runs) ? runs.filter((one) => typeof one === "string") : [],
    ...(isPlace(place) && { place: { stage: place.stage, step: place.step } }),
  };
}

/** Applies a change to a focus; a change of runs resets the place unless one is given. */
export function refocused(before: DashboardFocus, change: Partial<DashboardFocus>): DashboardFocus {
  const { view = before.view, runs = before.runs } = change;
  const isSame = runs[0] === before.runs[0];
  const place = change.place ?? (isSame ? before.place : undefined);
  return { view, runs, ...(place !== undefined && { place }) };
}

/** The newest run, where none is in focus. */
export function withNewest(focus: DashboardFocus, runs: readonly RunSummary[]): DashboardFocus {
  const [newest] = runs;
  return focus.runs.length > 0 || newest === undefined ? focus : { ...focus, runs: [newest.folder] };
}

/** Titles of the runs in focus among all runs. */
export function titlesOf({ runs }: DashboardFocus, all: readonly RunSummary[]): readonly string[] {
  const folders = [...runs, ...all.map(({ folder }) => folder)];
  return runs.map((folder) => runTitle(folder, folders));
}

function isPlace(value: unknown): value is NonNullable<DashboardFocus["place"]> {
  if (typeof value !== "object" || value === null) return false;
  const { stage, step } = value as Record<string, unknown>;
  return typeof stage === "string" && typeof step === "number";
}
