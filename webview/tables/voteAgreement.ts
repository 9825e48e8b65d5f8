import { html, nothing, type TemplateResult } from "lit";
import type { VoteAgreement, VoteAgreements } from "../../engine/protocol/verdicts.ts";
import { describeWinRateTerm } from "../../engine/protocol/winRateTerms.ts";
import { fromCatalogue, t } from "../localize.ts";
import { percent, whole } from "../parts/format.ts";

/** How far a person and the judge agree, over all votes and over the blind ones; nothing before the first vote. */
export function voteAgreement({ all, blind }: VoteAgreements): TemplateResult | typeof nothing {
  if (all === undefined) return nothing;
  const isPart = blind !== undefined && blind.n < all.n;
  const what = isPart || blind === undefined ? t("You and the judge") : t("You, blind, and the judge");
  return html`<span>${what}: ${numbers(all)}</span
    >${isPart ? html`<span>${t("blind")}: ${numbers(blind)}</span>` : nothing}`;
}

function numbers({ n, same, low, high, ...chance }: VoteAgreement): TemplateResult {
  const raw = describeWinRateTerm("voteAgreement", fromCatalogue).description;
  const about = describeWinRateTerm("voteKappa", fromCatalogue).description;
  return html`<span title=${raw}
      >${t("{0} % agreement ({1} – {2})", percent(same, 1), percent(low, 1), percent(high, 1))}</span
    >, <span title=${about}>κ ${kappaText(chance)}</span>, n = ${whole(n)}`;
}

/** Without an interval where there is none. */
function kappaText({ kappa, kappaLow, kappaHigh }: Pick<VoteAgreement, "kappa" | "kappaLow" | "kappaHigh">): string {
  const decimals = (value: number): string => value.toFixed(2).replace(/^-/, "−");
  if (kappa === null) return "–";
  const interval = kappaLow === null || kappaHigh === null ? "" : ` (${decimals(kappaLow)} – ${decimals(kappaHigh)})`;
  return `${decimals(kappa)}${interval}`;
}
