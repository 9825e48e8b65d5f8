import { isHubName } from "../../../engine/config/paths.ts";
import type { ConfigPath } from "../../../engine/config/walk.ts";
import { pathPlace } from "./places.ts";
import { isKey, spanOf, stringsIn } from "./tree.ts";
import type { ConfigTree, Span } from "./tree.ts";

/** A file or folder that a config names. */
export interface PathLink {
  /** Without its quotes. */
  readonly span: Span;
  readonly path: string;
  /** The setting. */
  readonly at: ConfigPath;
  readonly wants: "file" | "folder";
}

/** Every file and folder that a config names. */
export function pathLinks(tree: ConfigTree): PathLink[] {
  return stringsIn(tree).flatMap(({ node, path: at }) => {
    const wants = isKey(node) ? undefined : pathPlace(at);
    if (wants === undefined || node.value === "" || isHubName(String(node.value))) return [];
    const { start, end } = spanOf(node);
    return [{ span: { start: start + 1, end: end - 1 }, path: String(node.value), at, wants }];
  });
}
