import { codeSpan } from "../../engine/common/markdown.ts";
import { visibleLine } from "../../engine/common/visible.ts";
import type { RunSize } from "../../engine/protocol/storageUse.ts";

/** Folders that deleting runs removes, by their real paths. */
export interface DeletedPaths {
  /** Folders that go in any case: those of the runs, then of their metrics for other tools. */
  readonly runs: readonly string[];
  /** Folders of models and data, that go if the user chooses so. */
  readonly artifacts: readonly string[];
}

/** Where the folders of some runs lie that are deleted one after the other. */
export function deletedPaths(sizes: readonly RunSize[]): DeletedPaths {
  const pathsOf = (names: (size: RunSize) => readonly string[]): readonly string[] =>
    sizes.flatMap((size) => names(size).map((name) => visibleLine(`${size.root}${separatorOf(size.root)}${name}`)));
  return {
    runs: [...pathsOf(({ run }) => [run]), ...pathsOf(({ tracking }) => tracking)],
    artifacts: pathsOf(({ artifacts }) => artifacts),
  };
}

function separatorOf(root: string): string {
  return /[\\/]/.exec(root)?.[0] ?? "/";
}

/** Paths as a list in Markdown, all of them. */
export function pathList(paths: readonly string[]): string {
  return paths.map((path) => `- ${codeSpan(path)}`).join("\n");
}
