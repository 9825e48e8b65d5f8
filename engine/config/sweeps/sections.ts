import type { ConfigPath } from "../walk.ts";

/** Sections whose numbers make what arms and soups are made of, by the word that their settings go by in names. */
export const UPSTREAM = { pretrain: ["model", "pretrain"], sft: ["sft"], reward: ["reward"] } as const;

/** True for a setting of such a section. */
export function isUpstream(path: ConfigPath): boolean {
  return Object.values(UPSTREAM).some((section) => isIn(path, section));
}

/** True for a setting of a section itself. */
export function isIn(path: ConfigPath, section: readonly string[]): boolean {
  return path.length === section.length + 1 && section.every((key, at) => path[at] === key);
}
