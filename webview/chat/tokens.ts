import { html, type TemplateResult } from "lit";
import type { ChatToken } from "../../engine/protocol/chatPanel.ts";
import { t } from "../localize.ts";
import { percent, short } from "../parts/format.ts";
import { styled } from "../parts/styled.ts";

/** Log-probability at which the shade is full: one in some 400. */
const FULL = -6;
/** Of the colour over the editor's background: text stays readable on it in every theme. */
const MOST_OPAQUE = 0.45;

/** The tokens of an answer, shaded by how unlikely each was; the numbers come as its tooltip. */
export function tokenShades(tokens: readonly ChatToken[]): TemplateResult {
  // Spans, within which every space counts.
  return html`<div class="tokens mono" role="list" aria-label=${t("Tokens with their log-probabilities")}>
    ${tokens.map(
      (token, index) =>
        html`<span
          class="token"
          role="listitem"
          title=${numbersOf(token, index)}
          ${styled({ "--unlikely": unlikely(token.logprob) })}
          >${shown(token.text)}<span class="visually-hidden"> ${short(token.logprob)}</span></span
        >`,
    )}
  </div>`;
}

/** Legend of the shades. */
export function shadeLegend(): TemplateResult {
  return html`<p class="legend muted">
    ${t("Shade: how unlikely a token was, before temperature")}
    ${[0.9, 0.5, 0.1, 0.01].map(
      (p) =>
        html`<span class="token" ${styled({ "--unlikely": unlikely(Math.log(p)) })}
          >${percent(p, p < 0.1 ? 1 : 0)} %</span
        >`,
    )}
  </p>`;
}

function unlikely(logprob: number): string {
  const share = Number.isFinite(logprob) ? Math.min(1, Math.max(0, logprob / FULL)) : 1;
  return (share * MOST_OPAQUE * 100).toFixed(1).concat("%");
}

function numbersOf({ logprob, top }: ChatToken, index: number): string {
  const line = (text: string, value: number): string =>
    t("{0}: {1} % (log {2})", shown(text), percent(Math.exp(value)), short(value));
  const own = t("token {0}: {1} % (log {2})", index + 1, percent(Math.exp(logprob)), short(logprob));
  return [own, ...top.map((one) => line(one.text, one.logprob))].join("\n");
}

/** Line ends, and a token that is only space, would not be seen. */
function shown(token: string): string {
  return token.replaceAll("\n", "⏎").replace(/^ +$/, (spaces) => "␣".repeat(spaces.length));
}
