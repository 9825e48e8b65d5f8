import type { ConfigNode, Json } from "./configDifferences.ts";

/** A line of the tree as it is shown. */
export interface TreeRow {
  readonly node: ConfigNode;
  /** From 1. */
  readonly level: number;
  readonly isOpen: boolean;
  /** Place among its siblings that are shown, from 1, and how many there are. */
  readonly position: number;
  readonly nSiblings: number;
}

/** Filter and expansion state of a tree. */
export interface TreeFilter {
  /** Part of a path or value, in any letters. */
  readonly search: string;
  readonly onlyDifferences: boolean;
  /** Sections that the user has opened or closed; others are open at the first level. */
  readonly toggled: ReadonlyMap<string, boolean>;
}

/** The lines that are shown, from the top. A search opens every section with a hit. */
export function visibleRows(nodes: readonly ConfigNode[], filter: TreeFilter, level = 1): readonly TreeRow[] {
  const shown = nodes.filter((node) => isShown(node, filter));
  return shown.flatMap((node, index) => {
    const isOpen = node.children.length > 0 && isOpened(node, filter, level);
    const row = { node, level, isOpen, position: index + 1, nSiblings: shown.length };
    return isOpen ? [row, ...visibleRows(node.children, filter, level + 1)] : [row];
  });
}

/** A value on one line: text as it is, the rest as JSON. */
export function valueText(value: Json | undefined): string {
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value).replaceAll(",", ", ");
}

function isShown(node: ConfigNode, filter: TreeFilter): boolean {
  if (filter.onlyDifferences && node.nDifferent === 0) return false;
  if (filter.search === "" || matches(node, filter.search)) return true;
  return node.children.some((child) => isShown(child, filter));
}

/** A section matches by its own name only: its path would match for all that is in it. */
function matches({ key, path, here, there, children }: ConfigNode, search: string): boolean {
  const texts = children.length > 0 ? [key] : [path, valueText(here), valueText(there)];
  return texts.some((text) => text.toLocaleLowerCase().includes(search.toLocaleLowerCase()));
}

function isOpened(node: ConfigNode, { search, onlyDifferences, toggled }: TreeFilter, level: number): boolean {
  return toggled.get(node.path) ?? (search !== "" || onlyDifferences || level === 1);
}
