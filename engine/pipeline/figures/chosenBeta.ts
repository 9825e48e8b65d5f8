import type { FigureFacts } from "./facts.ts";
import type { ArmRole } from "./roles.ts";

/** "β 0.2, chosen of 0.1, 0.2" or "β 0.2, not tuned": what an arm's result rests on. */
export function betaWords({ name, betas }: ArmRole, { choices }: Pick<FigureFacts, "choices">): string {
  const chosen = new Set(choices.filter(({ product }) => product === name).map((choice) => choice.chosen));
  if (betas.length < 2) return `β ${betas.join(", ")}, not tuned`;
  const list = betas.join(", ");
  return chosen.size === 0 ? `β of ${list}` : `β ${[...chosen].sort((a, b) => a - b).join(" or ")}, chosen of ${list}`;
}
