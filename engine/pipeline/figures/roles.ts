import { type RunConfig, sftNamesOf } from "../../config/index.ts";
import { ownValue } from "../../common/dictionary.ts";
import type { Palette } from "../../protocol/palette.ts";
import { fixedWeights } from "../../soup/index.ts";

/** An arm's role in the paper's words. */
export type ArmRoleKind =
  /** PPO against its own start (equation 2). */
  | "ppo"
  /** PPO against a soup that its start is part of (equation 4). */
  | "salsa"
  /** Against several references at once (equation 5). */
  | "mkl"
  /** Against another SFT than its start. */
  | "otherSft"
  /** Anything else. */
  | "other";

/** An arm by the place that it has in the paper. */
export interface ArmRole {
  readonly name: string;
  /** Place of its look in the palette. */
  readonly color: number;
  readonly kind: ArmRoleKind;
  /** By which it is trained. */
  readonly method: RunConfig["arms"][string]["method"];
  readonly init: string;
  readonly reference: readonly string[];
  readonly betas: readonly number[];
  /** Rollouts of an iteration of PPO. */
  readonly batchSize: number;
  /** Models that its reference is made of, the start first. */
  readonly members: readonly string[];
  /** True if all members count alike. */
  readonly isUniform: boolean;
  /** Share of the other model where the reference lies on the line of two SFTs: 0 for PPO, 1 for the other SFT. */
  readonly alpha?: number;
}

/**
 * The arms of a config by their roles, in its order. Those that the palette does not have look as their place among the
 * arms.
 */
export function rolesOf(
  { arms, soups, ...rest }: Pick<RunConfig, "arms" | "soups" | "sft" | "sweep">,
  palette: Palette = {},
): readonly ArmRole[] {
  const sfts = new Set(sftNamesOf(rest));
  return Object.entries(arms).map(([name, arm], index): ArmRole => {
    const { init, reference, betas, batchSize } = arm;
    const color = ownValue(palette, name) ?? index;
    // Older versions knew PPO alone.
    const { method = "ppo" } = arm as Partial<typeof arm>;
    const common = { name, color, method, init, reference, betas, batchSize };
    const [only = init, ...more] = reference;
    if (isBeyondPaper(arm)) return { ...common, kind: "other", members: reference, isUniform: false };
    if (more.length > 0) return { ...common, kind: "mkl", members: reference, isUniform: true };
    if (only === init && sfts.has(only)) return { ...common, kind: "ppo", members: [only], isUniform: true, alpha: 0 };
    if (sfts.has(only)) return { ...common, kind: "otherSft", members: [only], isUniform: true, alpha: 1 };
    const soup = ownValue(soups, only);
    const shares = soup === undefined ? undefined : fixedWeights(soup);
    const at = soup?.of.indexOf(init) ?? -1;
    if (soup === undefined || at < 0 || !soup.of.every((model) => sfts.has(model)))
      return { ...common, kind: "other", members: soup?.of ?? [only], isUniform: false };
    const members = [init, ...soup.of.filter((_, index) => index !== at)];
    const alpha = soup.of.length === 2 ? shares?.[1 - at] : undefined;
    const isUniform = shares?.every((share) => Math.abs(share - 1 / shares.length) < 1e-6) === true;
    return { ...common, kind: "salsa", members, isUniform, ...(alpha !== undefined && { alpha }) };
  });
}

/**
 * True for an arm that is not trained by PPO, a reference that follows the policy, and an ensemble of several; older
 * versions have none of these settings.
 */
function isBeyondPaper({ method, movingReference, referenceMix }: RunConfig["arms"][string]): boolean {
  return method === "dpo" || ["ema", "reset", "trajectory"].includes(movingReference) || referenceMix === "logSpace";
}

/** The arms that the paper compares; each is undefined where the config has none. */
export interface Compared {
  readonly ppo: ArmRole | undefined;
  /** Of two SFTs in equal shares, if there is one; else the first soup. */
  readonly salsa: ArmRole | undefined;
  readonly mkl: ArmRole | undefined;
  /** PPO's start. */
  readonly sft: string | undefined;
}

/** Picks the arms that the paper compares. */
export function comparedArms(roles: readonly ArmRole[]): Compared {
  const ppo = roles.find(({ kind }) => kind === "ppo");
  const soups = roles.filter(({ kind, init }) => kind === "salsa" && (ppo === undefined || init === ppo.init));
  const salsa = soups.find(({ members, isUniform }) => members.length === 2 && isUniform) ?? soups[0];
  return { ppo, salsa, mkl: roles.find(({ kind }) => kind === "mkl"), sft: (ppo ?? salsa)?.init };
}
