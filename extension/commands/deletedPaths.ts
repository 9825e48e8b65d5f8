import type { RunSize } from "../../engine/protocol/storageUse.ts";
import { visibleLine } from "../../engine/common/visible.ts";

/** Folders of artifacts, and of metrics for other tools, that are listed: a dialog has no room for hundreds. */
const MOST_LISTED = 12;
const MOST_TRACKING = 6;

/** Folders that deleting runs removes, for a dialog. */
export interface DeletedPaths {
  /** A folder each, that goes in any case: all of the runs, then the first of their metrics for other tools. */
  readonly runs: readonly string[];
  /** Metrics for other tools that are not listed. */
  readonly nMoreTracking: number;
  /** The first artifacts. */
  readonly artifacts: readonly string[];
  /** Artifacts that are not listed. */
  readonly nMore: number;
}

/** The folders that go with some runs and their artifacts, by their real paths. */
export function deletedPaths(sizes: readonly RunSize[]): DeletedPaths {
  const pathOf = (root: string, name: string): string =>
    visibleLine(`${root}${SEPARATOR.exec(root)?.[0] ?? "/"}${name}`);
  const tracking = sizes.flatMap(({ root, tracking: names }) => names.map((name) => pathOf(root, name)));
  const artifacts = sizes.flatMap(({ root, artifacts: names }) => names.map((name) => pathOf(root, name)));
  return {
    runs: [...sizes.map(({ root, run }) => pathOf(root, run)), ...tracking.slice(0, MOST_TRACKING)],
    nMoreTracking: Math.max(0, tracking.length - MOST_TRACKING),
    artifacts: artifacts.slice(0, MOST_LISTED),
    nMore: Math.max(0, artifacts.length - MOST_LISTED),
  };
}

const SEPARATOR = /[\\/]/;
