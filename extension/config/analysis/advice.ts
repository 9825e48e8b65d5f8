import type { Node } from "jsonc-parser";
import { folderOf, resolvePath } from "../../../engine/config/paths.ts";
import { pathText } from "../../../engine/config/locate.ts";
import type { ConfigPath } from "../../../engine/config/walk.ts";
import { t } from "../../localize.ts";
import type { ConfigFinding } from "./finding.ts";
import { markOf, nodeAt } from "./tree.ts";
import type { ConfigTree } from "./tree.ts";

/** Nobody reads more. */
const MOST_ADVICE = 100;

/** Findings about settings that are valid but unlikely to be intended, or worth knowing about. */
export function adviceOn(tree: ConfigTree, file: string): ConfigFinding[] {
  return [...extrapolations(tree), ...trainedPrompts(tree, file)].slice(0, MOST_ADVICE);
}

function extrapolations(tree: ConfigTree): ConfigFinding[] {
  const shares = namesIn(tree, "soups").flatMap((name) =>
    ["alpha", "weights"].flatMap((key) => numbersAt(tree, ["soups", name, key])),
  );
  return shares.flatMap(({ node, path, value }) => {
    if (value >= 0 && value <= 1) return [];
    const message = t(
      "{0} of {1} extrapolates beyond the models; rewards were lower outside of them in SALSA, figure 2c",
      pathText(path),
      value,
    );
    return [{ code: "extrapolation", severity: "information", span: markOf(tree, node), path, message, remedy: "" }];
  });
}

/** Win rates on prompts that RLHF has learned from say nothing about others. */
function trainedPrompts(tree: ConfigTree, file: string): ConfigFinding[] {
  const prompts = nodeAt(tree, ["data", "prompts"])?.value as unknown;
  if (typeof prompts !== "string") return [];
  const folder = folderOf(file);
  return namesIn(tree, "data", "benchmarks").flatMap((name) => {
    const path = ["data", "benchmarks", name];
    const node = nodeAt(tree, path);
    const benchmark = node?.value as unknown;
    if (node === undefined || typeof benchmark !== "string") return [];
    if (resolvePath(folder, benchmark) !== resolvePath(folder, prompts)) return [];
    const message = t("{0} is the file that RLHF learns from, data.prompts", pathText(path));
    const remedy = t("name prompts that no training has seen, or win rates look better than they are");
    return [{ code: "trainedPrompts", severity: "warning", span: markOf(tree, node), path, message, remedy }];
  });
}

interface NumberAt {
  readonly node: Node;
  readonly path: ConfigPath;
  readonly value: number;
}

/** The number at a path, or each of a list's. */
function numbersAt(tree: ConfigTree, path: ConfigPath): NumberAt[] {
  const node = nodeAt(tree, path);
  if (node?.type === "array") return (node.children ?? []).flatMap((_, index) => numbersAt(tree, [...path, index]));
  const value = node?.value as unknown;
  return node === undefined || typeof value !== "number" ? [] : [{ node, path, value }];
}

function namesIn(tree: ConfigTree, ...path: string[]): string[] {
  const section = nodeAt(tree, path);
  if (section?.type !== "object") return [];
  return (section.children ?? []).map((property) => String(property.children?.[0]?.value));
}
