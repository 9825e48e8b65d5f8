import type { ModelCost } from "../../engine/config/judgingCost.ts";
import { t } from "../localize.ts";

/** Requests that judging sends, where to and at what cost, for a person to agree to. */
export function judgingText(costs: readonly ModelCost[], budget: number | undefined): string {
  const parts = costs.flatMap((cost) => [
    cost.isEditors === true
      ? t(
          "Prompts and answers go to {0}, through this editor: at most {1} requests to {2}.",
          cost.server,
          cost.nCalls,
          cost.model,
        )
      : t("Prompts and answers go to {0}: at most {1} requests to {2}.", cost.server, cost.nCalls, cost.model),
    ...(cost.nWhileTraining === undefined ? [] : [t("{0} of them while policies are trained.", cost.nWhileTraining)]),
    ...(cost.keyVariable === undefined ? [] : [t("The key in {0} is sent along.", cost.keyVariable)]),
    t("About {0} tokens are read and {1} written.", rounded(cost.promptTokens), rounded(cost.completionTokens)),
    cost.price === undefined || cost.mostPrice === undefined
      ? unknownPrice(cost)
      : t(
          "About ${0}, at most ${1}. Replies that are kept from before cost nothing.",
          cost.price.toFixed(2),
          cost.mostPrice.toFixed(2),
        ),
  ]);
  if (budget !== undefined) parts.push(t("Judging stops before it costs more than ${0}.", budget));
  return parts.join("\n");
}

function unknownPrice({ isEditors = false }: ModelCost): string {
  return isEditors
    ? t("They count towards what your plan there allows.")
    : t("The price is not known: add it to evaluation.prices.");
}

/** Two digits are as much as an estimate knows. */
function rounded(tokens: number): string {
  return Number(tokens.toPrecision(2)).toLocaleString("en-US");
}
