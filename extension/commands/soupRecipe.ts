import { t } from "../localize.ts";

/** Methods that need nothing but the checkpoints. */
export const SOUP_METHODS = ["uniform", "linear", "slerp"] as const;
export type SoupMethod = (typeof SOUP_METHODS)[number];

/** A soup that can be made. */
export interface SoupChoice {
  readonly method: SoupMethod;
  /** Folders, in the order that the shares are given in. */
  readonly of: readonly string[];
  /** As typed: one number is α, several are weights; absent for uniform. */
  readonly shares?: string;
  readonly out: string;
}

/** Methods that a number of checkpoints allows. */
export function methodsFor(n: number): readonly SoupMethod[] {
  return n === 2 ? SOUP_METHODS : ["uniform", "linear"];
}

/** What to begin with: the middle. */
export function defaultShares(n: number): string {
  if (n === 2) return "0.5";
  const weights = Array.from({ length: n - 1 }, () => Number((1 / n).toFixed(4)));
  const rest = 1 - weights.reduce((sum, weight) => sum + weight, 0);
  return [...weights, Number(rest.toFixed(4))].join(", ");
}

/** What is wrong with the shares of a soup as typed; undefined when they can be used. */
export function sharesProblem(
  text: string,
  { method, n }: { readonly method: SoupMethod; readonly n: number },
): string | undefined {
  const parts = text.split(",").map((part) => part.trim());
  const wrong = parts.find((part) => part === "" || !Number.isFinite(Number(part)));
  if (wrong !== undefined) {
    return wrong === "" ? t("Give a number; several are separated by commas.") : t('"{0}" is not a number.', wrong);
  }
  if (parts.length === 1 && n === 2) return undefined;
  if (method === "slerp") return t("Give one number: the share of the second checkpoint along the arc.");
  if (parts.length !== n) {
    return n === 2
      ? t("Give the share of the second checkpoint, or 2 weights.")
      : t("Give {0} weights, one for each checkpoint.", n);
  }
  const sum = parts.reduce((total, part) => total + Number(part), 0);
  // As far off as the engine itself accepts.
  return Math.abs(sum - 1) > 1e-5 ? t("The weights add up to {0}, not 1.", Number(sum.toPrecision(6))) : undefined;
}

/** The command line that makes a soup. */
export function soupArguments({ method, of, shares, out }: SoupChoice): string[] {
  const numbers = shares?.split(",").map((part) => String(Number(part))) ?? [];
  const option = numbers.length === 0 ? [] : numbers.length === 1 ? ["--alpha"] : ["--weights"];
  const values = numbers.length === 0 ? [] : [numbers.join(",")];
  return ["soup", ...of, "--out", out, "--method", method, ...option, ...values];
}
