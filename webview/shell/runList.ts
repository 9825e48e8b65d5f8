import type { RunSummary } from "../../engine/protocol/service.ts";

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

/** Title of a run among others: its id, with its root if another run has the same id. */
export function runTitle(run: RunSummary, all: Iterable<RunSummary>): string {
  const isAmbiguous = [...all].some(({ id, folder }) => id === run.id && folder !== run.folder);
  if (!isAmbiguous) return run.id;
  const parts = run.root.split(/[\\/]/).filter(Boolean);
  return `${run.id} (${parts.at(-2) ?? run.root})`;
}

/** Id of a run by its folder, for runs that are gone. */
export function idOfFolder(folder: string): string {
  return folder.split(/[\\/]/).filter(Boolean).at(-1) ?? folder;
}
