import { recipeOf } from "../soup/index.ts";
import { repeated, unknownName } from "./complaints.ts";
import type { PartialConfig } from "./schema.ts";
import type { Complaint } from "./complaint.ts";
import type { ModelNames } from "./names.ts";

/** Ingredients that do not exist, and settings that do not go with them. */
export function checkSoups({ soups, data }: PartialConfig, names: ModelNames): Complaint[] {
  if (soups === undefined && names.sfts.length === 1) {
    const remedy = 'add a seed, or write "soups": {} beside the arms that do without';
    return [
      { path: ["sft", "seeds"], message: "one SFT makes no soup, which a config has unless it writes its own", remedy },
    ];
  }
  const ingredients = new Set(names.ingredients);
  return Object.entries(soups ?? {}).flatMap(([name, { method, of, ...settings }]) => {
    const path = ["soups", name];
    const unknown = (of ?? []).flatMap((one, index) => unknownName([...path, "of", index], one, ingredients));
    const own = recipeOf(method).check(settings, { of: of ?? names.sfts, isTask: data === undefined });
    return [
      ...unknown,
      ...repeated([...path, "of"], of ?? []),
      ...own.map((complaint) => ({ ...complaint, path: [...path, ...complaint.path] })),
    ];
  });
}
