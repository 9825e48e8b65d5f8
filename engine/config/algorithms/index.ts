import type { Algorithm, ArmKind } from "./algorithm.ts";
import { dpo } from "./dpo.ts";
import { ppo } from "./ppo.ts";

/** Every way to train arms, the default first. Add yours here; schema, checks, completions and docs follow. */
export const ALGORITHMS = [ppo, dpo] as const;

/** A way to train arms, by its name. */
export type Method = (typeof ALGORITHMS)[number]["name"];

/** All that is known of a method; configs of versions that had one only do not name it. */
export function algorithmOf(method: unknown): Pick<Algorithm, "title" | "learnsFrom" | "settings" | "shared"> {
  return ALGORITHMS.find(({ name }) => name === method) ?? ppo;
}

/** Kinds of arms, by the models that hold them; of one method, or of all. */
export function armKinds(method?: string): readonly ArmKind[] {
  return ALGORITHMS.filter(({ name }) => method === undefined || name === method).flatMap(({ kinds }) => kinds);
}

/** Names of the settings that a method reads. */
export function settingsRead(method: Method): ReadonlySet<string> {
  const { settings, shared = [] } = algorithmOf(method);
  return new Set(["method", ...Object.keys(settings), ...shared]);
}
