import { SOUPS, recipeOf } from "../soup/index.ts";
import type { Complaint } from "./complaint.ts";
import type { PartialConfig } from "./schema.ts";

/** Adapters without a checkpoint, targets that stand twice, and soups that leave low rank. */
export function checkLora({ model, soups, rlhf, arms }: PartialConfig): Complaint[] {
  if (model?.lora === undefined) return [];
  const path = ["model", "lora"];
  const complaints: Complaint[] = [];
  if (model.checkpoint === undefined) {
    const remedy =
      "add model.checkpoint: an adapter changes a model that is there, and a new one is trained as a whole";
    complaints.push({ path, message: "is given without checkpoint", remedy, atKey: true });
  }
  for (const [name, { method }] of Object.entries(soups ?? {})) {
    if (recipeOf(method).weighsWholeModels !== true) continue;
    const message = `${method} weighs whole models, and LoRA keeps only low-rank changes of them`;
    complaints.push({ path: ["soups", name, "method"], message, remedy: LOW_RANK_REMEDY });
  }
  for (const [place, settings] of [["rlhf", rlhf] as const, ...Object.entries(arms ?? {})]) {
    if (settings?.movingReference === undefined || settings.movingReference === "fixed") continue;
    const path = [...(settings === rlhf ? ["rlhf"] : ["arms", place]), "movingReference"];
    const message = "moves a whole model, and LoRA keeps only low-rank changes of one";
    complaints.push({ path, message, remedy: "leave it out, or train whole models" });
  }
  return complaints;
}

const LOW_RANK_METHODS = SOUPS.filter((soup) => !("weighsWholeModels" in soup)).map(({ method }) => `"${method}"`);

/** For soups of adapters by a method that needs whole models. */
export const LOW_RANK_REMEDY = `use one of ${LOW_RANK_METHODS.join(", ")}, or merge the adapters (salsa merge) and mix what comes out`;
