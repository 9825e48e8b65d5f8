import type { ArmKind } from "./algorithm.ts";
import { ppo } from "./ppo.ts";

/**
 * Every way to train arms. Add yours here; schema, checks, completions and docs follow.
 *
 * A second one needs a setting that says which of them trains an arm, and a stage that runs it.
 */
export const ALGORITHMS = [ppo] as const;

/** Kinds of arms, by the models that hold them. */
export const ARM_KINDS: readonly ArmKind[] = ALGORITHMS.flatMap(({ kinds }) => kinds);
