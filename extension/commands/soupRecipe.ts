import { type SoupMethod, checkpointMethods, recipeOf } from "../../engine/soup/index.ts";
import type { SoupRecipe } from "../../engine/soup/recipe.ts";
import { t } from "../localize.ts";

/** A soup that can be made. */
export interface SoupChoice {
  readonly method: SoupMethod;
  /** Folders, in the order that the shares are given in. */
  readonly of: readonly string[];
  /** As typed: one number is α, several are weights; absent where the method asks for none. */
  readonly shares?: string;
  readonly out: string;
}

/** A method, as people choose it. */
export interface MethodChoice {
  readonly method: SoupMethod;
  /** True if people choose the shares, too; otherwise they follow from the method. */
  readonly hasShares: boolean;
}

/** Methods that mix these checkpoints, by name, and need nothing else. */
export function methodsFor(
  of: readonly string[],
): readonly (MethodChoice & Pick<SoupRecipe, "title" | "description" | "source">)[] {
  return checkpointMethods().flatMap((method) => {
    const recipe = recipeOf(method);
    const { settings, title, description, source } = recipe;
    const isFit = recipe.check({}, { of, isTask: false }).every(({ path }) => path[0] !== "of");
    const hasShares = "alpha" in settings || "weights" in settings;
    return isFit ? [{ method, hasShares, title, description, source }] : [];
  });
}

/** Initial shares: all equal. */
export function defaultShares(n: number): string {
  if (n === 2) return "0.5";
  const weights = Array.from({ length: n - 1 }, () => Number((1 / n).toFixed(4)));
  const rest = 1 - weights.reduce((sum, weight) => sum + weight, 0);
  return [...weights, Number(rest.toFixed(4))].join(", ");
}

/** Error message for the typed shares of a soup; undefined if they are valid. */
export function sharesProblem(
  text: string,
  { method, of }: { readonly method: SoupMethod; readonly of: readonly string[] },
): string | undefined {
  const parts = text.split(",").map((part) => part.trim());
  const wrong = parts.find((part) => part === "" || !Number.isFinite(Number(part)));
  if (wrong !== undefined) {
    return wrong === "" ? t("Enter a number, or several separated by commas.") : t('"{0}" is not a number.', wrong);
  }
  const recipe = recipeOf(method);
  const numbers = parts.map(Number);
  const [alpha = 0, ...others] = numbers;
  if (others.length > 0 && !("weights" in recipe.settings)) {
    return t("Enter one number: the share of the second checkpoint along the arc.");
  }
  const [complaint] = recipe.check(others.length === 0 ? { alpha } : { weights: numbers }, { of, isTask: false });
  if (complaint === undefined) return undefined;
  return of.length === 2
    ? t("Enter the share of the second checkpoint, or 2 weights that add up to 1.")
    : t("Enter {0} weights that add up to 1, one for each checkpoint.", of.length);
}

/** The command line that makes a soup. */
export function soupArguments({ method, of, shares, out }: SoupChoice): string[] {
  const numbers = shares?.split(",").map((part) => String(Number(part))) ?? [];
  const option = numbers.length === 0 ? [] : numbers.length === 1 ? ["--alpha"] : ["--weights"];
  const values = numbers.length === 0 ? [] : [numbers.join(",")];
  return ["soup", ...of, "--out", out, "--method", method, ...option, ...values];
}
