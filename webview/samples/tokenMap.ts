import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { TokenView } from "../../engine/protocol/samples.ts";
import { t } from "../localize.ts";
import { short } from "../parts/format.ts";
import { styled } from "../parts/styled.ts";
import { baseStyles, tableStyles } from "../parts/styles.ts";
import { heatColour, type HeatScale, QUANTITIES, type Quantity, rewardParts, totals } from "./heat.ts";
import { tokenStyles } from "./tokenStyles.ts";

/** Display name and unit of a quantity. */
export function quantityLabel(quantity: Quantity): string {
  switch (quantity) {
    case "logprobs":
      return t("log π (nats)");
    case "kl":
      return t("KL to reference (nats)");
    case "rewards":
      return t("reward");
    case "advantages":
      return t("advantage");
    case "values":
      return t("value");
  }
}

/** One response as a heat-map of its tokens; numbers come with pointer, arrow keys and as a table. */
export class TokenMap extends LitElement {
  static override readonly styles = [baseStyles, tableStyles, tokenStyles];
  static override readonly properties = {
    view: { attribute: false },
    quantity: { attribute: false },
    scale: { attribute: false },
    isScored: { attribute: false },
    pointed: { state: true },
    hasTable: { state: true },
  };
  declare view: TokenView;
  declare quantity: Quantity;
  declare scale: HeatScale;
  /** True if a reward model has scored it: rewards of DPO are implicit, and all of the KL. */
  declare isScored: boolean;
  /** Index of the token whose numbers are shown. */
  declare private pointed: number | undefined;
  declare private hasTable: boolean;

  constructor() {
    super();
    this.isScored = false;
    this.hasTable = false;
  }

  protected override render(): TemplateResult {
    const { tokens } = this.view;
    const values = this.view[this.quantity];
    const { sum, mean } = totals(values);
    const name = t("Tokens of {0}", this.view.stage);
    return html`<p class="muted totals">
        ${t("{0}: Σ {1}, mean {2} over {3} tokens", quantityLabel(this.quantity), short(sum), short(mean), tokens.length)}
      </p>
      ${this.isScored ? this.breakdown() : nothing}
      <div
        class="tokens mono"
        role="listbox"
        tabindex="0"
        aria-label=${name}
        aria-activedescendant=${this.pointed === undefined ? nothing : `token-${this.pointed}`}
        @keydown=${this.onKey}
        @focus=${() => (this.pointed ??= 0)}
        @pointerleave=${() => (this.pointed = undefined)}
      >
        ${tokens.map(
          (token, index) =>
            html`<span
              class="token"
              role="option"
              id="token-${index}"
              aria-selected=${index === this.pointed ? "true" : "false"}
              aria-label="${token}, ${quantityLabel(this.quantity)} ${short(values[index])}"
              @pointerenter=${() => (this.pointed = index)}
              ${styled({ "background-color": heatColour(values[index], this.scale) })}
              >${shown(token)}</span
            >`,
        )}
      </div>
      <p class="numbers">${this.numbers()}</p>
      <button
        class="link"
        aria-expanded=${this.hasTable ? "true" : "false"}
        @click=${() => (this.hasTable = !this.hasTable)}
      >
        ${this.hasTable ? t("Hide numbers") : t("Show numbers as a table")}
      </button>
      ${this.hasTable ? this.table(name) : nothing}`;
  }

  private breakdown(): TemplateResult {
    const { score, penalty } = rewardParts(this.view);
    const { sum } = totals(this.view.rewards);
    const title = t("As PPO was paid: the score after scaling, clipping and what a missing end costs");
    return html`<p class="muted totals" title=${title}>
      ${t("reward {0} = {1} by the score, {2} by the KL", short(sum), short(score), short(penalty))}
    </p>`;
  }

  private numbers(): TemplateResult | string {
    const index = this.pointed;
    const token = index === undefined ? undefined : this.view.tokens[index];
    if (index === undefined || token === undefined)
      return t("Point at a token, or use the arrow keys, for its numbers.");
    return html`<strong class="mono">${shown(token)}</strong> ${t("token {0}", index + 1)}${QUANTITIES.map(
        (quantity) => html`<span>${quantityLabel(quantity)} <b>${short(this.view[quantity][index])}</b></span>`,
      )}`;
  }

  private table(name: string): TemplateResult {
    return html`<div class="scroll" role="region" tabindex="0" aria-label=${name}>
      <table>
        <thead>
          <tr>
            <th scope="col" class="number">#</th>
            <th scope="col">${t("Token")}</th>
            ${QUANTITIES.map((quantity) => html`<th scope="col" class="number">${quantityLabel(quantity)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${this.view.tokens.map(
            (token, index) =>
              html`<tr>
                <td class="number">${index + 1}</td>
                <th scope="row" class="mono">${shown(token)}</th>
                ${QUANTITIES.map((quantity) => html`<td class="number">${short(this.view[quantity][index])}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const last = this.view.tokens.length - 1;
    const now = this.pointed ?? 0;
    const moves: Readonly<Record<string, number>> = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last };
    const target = moves[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.pointed = Math.max(0, Math.min(last, target));
  };
}

/** Line ends and a token that is only space would not be seen. */
function shown(token: string): string {
  return token.replaceAll("\n", "⏎").replace(/^ +$/, (spaces) => "␣".repeat(spaces.length));
}

customElements.define("salsa-token-map", TokenMap);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-token-map": TokenMap;
  }
}
