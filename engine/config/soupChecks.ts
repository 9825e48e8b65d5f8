import { repeated, unknownName } from "./complaints.ts";
import type { PartialConfig } from "./complaints.ts";
import type { Complaint } from "./complaint.ts";
import type { ModelNames } from "./names.ts";

type WrittenSoup = NonNullable<PartialConfig["soups"]>[string];

/** Weights may miss 1 by what rounding in a written decimal leaves: three weights of 0.333333 are meant. */
const WEIGHT_SLACK = 1e-5;

/** Ingredients that do not exist, and shares that do not go with them. */
export function checkSoups({ soups }: PartialConfig, names: ModelNames): Complaint[] {
  return Object.entries(soups ?? {}).flatMap(([name, soup]) => {
    const path = ["soups", name];
    const of = soup.of ?? names.sfts;
    const unknown = (soup.of ?? []).flatMap((one, index) =>
      unknownName([...path, "of", index], one, names.ingredients),
    );
    return [
      ...unknown,
      ...repeated([...path, "of"], soup.of ?? []),
      ...checkCount(path, soup, of),
      ...checkShares(path, soup, of),
    ];
  });
}

function checkCount(path: Complaint["path"], soup: WrittenSoup, of: readonly string[]): Complaint[] {
  const list = of.length === 0 ? "no models" : of.join(", ");
  if (soup.method === "slerp" && of.length !== 2) {
    return [
      {
        path: [...path, "of"],
        message: `slerp mixes exactly 2 models, not ${of.length} (${list})`,
        remedy: "name two models",
      },
    ];
  }
  if (soup.method === "modelStock" && of.length < 3) {
    const remedy = 'name the base first, such as ["base", "sft-1", "sft-2"]';
    const message = `modelStock needs the base and at least 2 fine-tunings of it, there is ${list}`;
    return [{ path: [...path, "of"], message, remedy }];
  }
  if (of.length >= 2) return [];
  const remedy = "add a seed to sft.seeds, or name the models in `of`";
  return [{ path: [...path, "of"], message: `a soup needs at least 2 models, there is ${list}`, remedy }];
}

function checkShares(path: Complaint["path"], soup: WrittenSoup, of: readonly string[]): Complaint[] {
  if (soup.method !== "linear") return [];
  const { alpha, weights } = soup;
  const models = `${of.length} models (${of.join(", ")})`;
  if (weights !== undefined) {
    if (alpha !== undefined) {
      return [
        {
          path: [...path, "alpha"],
          message: "is given together with weights",
          remedy: "keep one of the two",
          atKey: true,
        },
      ];
    }
    return checkWeights([...path, "weights"], weights, models, of.length);
  }
  const nShares = Array.isArray(alpha) ? alpha.length : 1;
  if (of.length < 2 || nShares === of.length - 1) return [];
  const came = Array.isArray(alpha) ? `has ${nShares} shares` : alpha === undefined ? "is missing" : "is one number";
  const remedy = `give a list of ${of.length - 1}, one for each model after the first; or use weights, or method "uniform"`;
  return [{ path: [...path, "alpha"], message: `${came}, for ${models}`, remedy }];
}

function checkWeights(path: Complaint["path"], weights: readonly number[], models: string, n: number): Complaint[] {
  if (weights.length !== n) {
    return [
      { path, message: `has ${weights.length} weights, for ${models}`, remedy: `give ${n} weights, one per model` },
    ];
  }
  const sum = weights.reduce((total, one) => total + one, 0);
  if (Math.abs(sum - 1) <= WEIGHT_SLACK) return [];
  return [{ path, message: `add up to ${Number(sum.toPrecision(6))}, not 1`, remedy: "divide each by their sum" }];
}
