import type { ConfigPath } from "../walk.ts";

/** Sections whose numbers make what arms and soups are made of, by the word that their settings go by in names. */
export const UPSTREAM = { pretrain: ["model", "pretrain"], sft: ["sft"], reward: ["reward"] } as const;

/** True for a setting of such a section. */
export function isUpstream(path: ConfigPath): boolean {
  return Object.values(UPSTREAM).some((section) => isIn(path, section));
}

/** True for the places whose numbers can be swept: settings of a training, of an arm, of a soup. */
export function isSwept(path: ConfigPath): boolean {
  const [section] = path;
  if (isUpstream(path)) return true;
  return section === "rlhf" ? path.length === 2 : (section === "arms" || section === "soups") && path.length === 3;
}

/** True for a setting of a section itself. */
export function isIn(path: ConfigPath, section: readonly string[]): boolean {
  return path.length === section.length + 1 && section.every((key, at) => path[at] === key);
}
