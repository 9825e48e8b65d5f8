import { runTitle } from "../../engine/protocol/runTitle.ts";
import type { RunSummary } from "../../engine/protocol/service.ts";
import type { DashboardModel } from "../model.ts";

/** Runs of one config, newest first. */
export interface RunGroup {
  readonly configFile: string;
  readonly name: string;
  readonly runs: readonly RunSummary[];
}

/** Runs that fit a search by id, name, config or state, by config; the config with the newest run comes first. */
export function groupRuns(runs: Iterable<RunSummary>, search: string): readonly RunGroup[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ id, name, configFile, status }: RunSummary): boolean => {
    const text = [id, name, configFile, status].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const sorted = [...runs].filter(fits).sort((a, b) => b.createdAt - a.createdAt || a.folder.localeCompare(b.folder));
  const groups = Map.groupBy(sorted, ({ configFile }) => configFile);
  return [...groups].map(([configFile, of]) => ({ configFile, name: of[0]?.name ?? configFile, runs: of }));
}

/** Title of a run among all that are known; of one that is gone as well. */
export function titleOfRun({ runs }: Pick<DashboardModel, "runs">, folder: string): string {
  return runTitle(folder, runs.keys());
}
