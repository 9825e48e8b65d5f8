import { DASHBOARD_VIEWS, type DashboardFocus, type DashboardView } from "./dashboard.ts";

/** Publisher and name of the extension, which a link opens. */
export const EXTENSION_ID = "salsa.salsa";

/** Runs that one link names, and letters of a name, at most. */
const [MOST_RUNS, LONGEST_TITLE] = [30, 1000];

/** A view that a link leads to. */
export interface LinkedView {
  readonly view: DashboardView;
  /** Titles of runs, as `runTitle` makes them; the first is the one in focus. */
  readonly runs: readonly string[];
  readonly place?: NonNullable<DashboardFocus["place"]>;
}

/**
 * A link to a view of the dashboard, for issues and messages: it says which run, and nothing of where it lies.
 *
 * @param scheme - Of the editor: "vscode", "vscode-insiders".
 */
export function viewLink(scheme: string, { view, runs, place }: LinkedView): string {
  const query = [
    ...runs.map((title) => ["run", title] as const),
    ...(place === undefined ? [] : [["stage", place.stage] as const, ["step", String(place.step)] as const]),
  ];
  const text = query.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
  return `${scheme}://${EXTENSION_ID}/${view}?${text}`;
}

/**
 * Reads the path and the query of a link, which anybody may have written.
 * @returns A text that says what is wrong with it, if something is.
 */
export function readViewLink(path: string, query: string): LinkedView | string {
  const name = path.replace(/^\/|\/$/g, "");
  const view = DASHBOARD_VIEWS.find((one) => one === name);
  if (view === undefined) return `there is no view ${JSON.stringify(name.slice(0, LONGEST_TITLE))}`;
  const values = new Map<string, string[]>();
  for (const part of query.split("&").slice(0, MOST_RUNS + 2)) {
    const at = part.indexOf("=");
    const key = part.slice(0, Math.max(0, at));
    values.set(key, [...(values.get(key) ?? []), decoded(part.slice(at + 1))]);
  }
  const runs = (values.get("run") ?? []).filter((title) => title !== "");
  if (runs.length === 0) return "it names no run";
  if (runs.length > MOST_RUNS || runs.some((title) => title.length > LONGEST_TITLE)) return "it names too much";
  const [stage, step] = [values.get("stage")?.[0], values.get("step")?.[0]];
  const isPlace = stage !== undefined && step !== undefined && /^\d{1,15}$/.test(step);
  return { view, runs, ...(isPlace && { place: { stage: stage.slice(0, LONGEST_TITLE), step: Number(step) } }) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return "";
  }
}
