import type { RunSummary } from "../../engine/protocol/service.ts";
import type { ConfigLinks } from "./configLinks.ts";
import { type RunFilter, type RunOrder, isFiltering, matches, sorted } from "./selection.ts";
import { SECTIONS, type SectionName, sectionOf } from "./states.ts";

/** Runs of one config. */
export interface ConfigGroup {
  /** Absolute path. */
  readonly configFile: string;
  /** False when the workspace has no such config: it was removed, or lies elsewhere. */
  readonly isThere: boolean;
  readonly runs: readonly RunSummary[];
  /** The same runs by state; empty when all are in one. */
  readonly sections: readonly Section[];
}

/** Runs of one config in like states. */
export interface Section {
  readonly name: SectionName;
  readonly runs: readonly RunSummary[];
}

/** Configs to group by, with filter and order. */
export interface GroupingSettings {
  /** Config files of the workspace, absolute. */
  readonly configs: readonly string[];
  readonly filter: RunFilter;
  readonly order: RunOrder;
  /** Puts runs in that order; sorts them when left out. */
  readonly arrange?: (runs: readonly RunSummary[], order: RunOrder) => readonly RunSummary[];
}

/**
 * Runs by config and state: configs whose runs come first in the order are first, then those without runs. Nothing at
 * all without runs, so that the view can welcome instead.
 */
export function grouped(
  runs: readonly RunSummary[],
  { configs, filter, order, arrange = sorted }: GroupingSettings,
): readonly ConfigGroup[] {
  const wanted = arrange(
    runs.filter((run) => matches(run, filter)),
    order,
  );
  if (wanted.length === 0) return [];
  const unused = isFiltering(filter) ? [] : configs;
  const files = new Set([...wanted.map(({ configFile }) => configFile), ...unused]);
  return [...files].map((configFile) => {
    const own = wanted.filter((run) => run.configFile === configFile);
    return { configFile, isThere: configs.includes(configFile), runs: own, sections: sectionsOf(own) };
  });
}

/**
 * A run with its config where that is now: one that was renamed or moved keeps its runs, and a folder that was moved or
 * copied takes its runs along, which name the place where it was.
 *
 * @param run - As the service tells of it.
 * @param configs - Config files of the workspace, absolute.
 * @param links - Where configs are that were moved.
 */
export function withConfig(
  run: RunSummary,
  configs: readonly string[],
  links?: Pick<ConfigLinks, "now" | "holding">,
): RunSummary {
  const { configFile, configHash, root } = run;
  // Where it was it may still be open in an editor, and so among the configs.
  const moved = links?.now(configFile) ?? configFile;
  if (moved !== configFile && configs.includes(moved)) return { ...run, configFile: moved };
  if (configs.includes(configFile)) return run;
  const besideRuns = `${folderOf(root)}${configFile.slice(folderOf(configFile).length)}`;
  const found = configs.includes(besideRuns) ? besideRuns : configHash && links?.holding(configHash);
  return found ? { ...run, configFile: found } : run;
}

/** All of a path but its last part. */
function folderOf(path: string): string {
  return path.replace(/[\\/][^\\/]*$/, "");
}

function sectionsOf(runs: readonly RunSummary[]): readonly Section[] {
  const names = Object.keys(SECTIONS) as SectionName[];
  const sections = names
    .map((name) => ({ name, runs: runs.filter((run) => sectionOf(run) === name) }))
    .filter((section) => section.runs.length > 0);
  return sections.length > 1 ? sections : [];
}

/** Key of the tree's structure, without the text of each run: when it changes, the tree must be rebuilt. */
export function outlineOf(groups: readonly ConfigGroup[]): string {
  return JSON.stringify(
    groups.map(({ configFile, isThere, runs, sections }) => [
      configFile,
      isThere,
      sections.length > 0
        ? sections.map(({ name, runs: own }) => [name, own.map(({ folder }) => folder)])
        : runs.map(({ folder }) => folder),
    ]),
  );
}
