import type { ArmKind } from "./algorithm.ts";
import { dpo } from "./dpo.ts";
import { ppo } from "./ppo.ts";

/** Every way to train arms, the default first. Add yours here; schema, checks, completions and docs follow. */
export const ALGORITHMS = [ppo, dpo] as const;

/** A way to train arms, by its name. */
export type Method = (typeof ALGORITHMS)[number]["name"];

/** Kinds of arms, by the models that hold them; of one method, or of all. */
export function armKinds(method?: string): readonly ArmKind[] {
  return ALGORITHMS.filter(({ name }) => method === undefined || name === method).flatMap(({ kinds }) => kinds);
}

/** Names of the settings that a method reads. */
export function settingsRead(method: Method): ReadonlySet<string> {
  const found: Pick<(typeof ALGORITHMS)[number], "settings"> & { readonly shared?: readonly string[] } =
    ALGORITHMS.find(({ name }) => name === method) ?? ppo;
  return new Set(["method", ...Object.keys(found.settings), ...(found.shared ?? [])]);
}
