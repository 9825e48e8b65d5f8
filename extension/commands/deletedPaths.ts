import type { RunSize } from "../../engine/protocol/service.ts";
import { visibleLine } from "../../engine/protocol/visible.ts";

/** Folders of artifacts that are listed: a dialog has no room for hundreds. */
const MOST_LISTED = 12;

/** Folders that deleting runs removes, for a dialog. */
export interface DeletedPaths {
  /** A folder each: all of the runs, then the first artifacts. */
  readonly lines: readonly string[];
  /** Artifacts that are not listed. */
  readonly nMore: number;
}

/** The folders that go with some runs and their artifacts, by their real paths. */
export function deletedPaths(sizes: readonly RunSize[]): DeletedPaths {
  const pathOf = (root: string, name: string): string =>
    visibleLine(`${root}${SEPARATOR.exec(root)?.[0] ?? "/"}${name}`);
  const runs = sizes.map(({ root, run }) => pathOf(root, run));
  const artifacts = sizes.flatMap(({ root, artifacts: names }) => names.map((name) => pathOf(root, name)));
  const listed = artifacts.slice(0, MOST_LISTED);
  return { lines: [...runs, ...listed], nMore: artifacts.length - listed.length };
}

const SEPARATOR = /[\\/]/;
