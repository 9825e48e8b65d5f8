import "@vscode-elements/elements/dist/vscode-button/index.js";
import { html, LitElement, css, type TemplateResult } from "lit";
import type { MetricEntry } from "../../engine/protocol/catalogue.ts";
import { t } from "../localize.ts";
import { baseStyles, controlStyles } from "../parts/styles.ts";
import { type Expression, OPERATORS, type Operator } from "./expression.ts";

/** Requests a plot of an expression; undefined closes the form. */
export class ExpressionEvent extends Event {
  static readonly type = "expression";
  readonly expression: Expression | undefined;

  constructor(expression?: Expression) {
    super(ExpressionEvent.type);
    this.expression = expression;
  }
}

/** Chooses two metrics whose ratio, difference, sum or product is to be drawn. */
export class ExpressionForm extends LitElement {
  static override readonly styles = [
    baseStyles,
    controlStyles,
    css`
      form {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px 8px;
        margin-top: 8px;
      }
      select {
        max-width: min(320px, 100%);
        white-space: nowrap;
      }
    `,
  ];
  static override readonly properties = { metrics: { attribute: false } };
  /** To choose from. */
  declare metrics: readonly MetricEntry[];

  override focus(): void {
    this.renderRoot.querySelector("select")?.focus();
  }

  protected override render(): TemplateResult {
    const names: Readonly<Record<Operator, string>> = {
      "÷": t("divided by"),
      "−": t("minus"),
      "+": t("plus"),
      "×": t("times"),
    };
    const select = (name: string, label: string, chosen: number): TemplateResult =>
      html`<select name=${name} aria-label=${label}>
        ${this.metrics.map(
          (metric, at) =>
            html`<option value=${metric.name} ?selected=${at === chosen}>${this.titleOf(metric)}</option>`,
        )}
      </select>`;
    return html`<form aria-label=${t("Plot an expression")} @submit=${this.onSubmit} @keydown=${this.onKey}>
      ${select("left", t("First metric"), 0)}
      <select name="operator" aria-label=${t("Operation")}>
        ${OPERATORS.map((operator) => html`<option value=${operator}>${names[operator]}</option>`)}
      </select>
      ${select("right", t("Second metric"), 1)}
      <vscode-button @click=${this.onSubmit}>${t("Add Plot")}</vscode-button>
      <vscode-button secondary @click=${() => this.dispatchEvent(new ExpressionEvent())}>${t("Cancel")}</vscode-button>
    </form>`;
  }

  /** Some labels are of several metrics, such as each training's loss. */
  private titleOf({ label, name }: MetricEntry): string {
    return this.metrics.filter((other) => other.label === label).length > 1 ? `${label} (${name})` : label;
  }

  private readonly onSubmit = (event: Event): void => {
    event.preventDefault();
    const valueOf = (name: string): string =>
      this.renderRoot.querySelector<HTMLSelectElement>(`select[name="${name}"]`)?.value ?? "";
    const operator = OPERATORS.find((one) => one === valueOf("operator")) ?? "÷";
    this.dispatchEvent(new ExpressionEvent({ left: valueOf("left"), operator, right: valueOf("right") }));
  };

  private readonly onKey = ({ key }: KeyboardEvent): void => {
    if (key === "Escape") this.dispatchEvent(new ExpressionEvent());
  };
}

customElements.define("salsa-expression-form", ExpressionForm);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-expression-form": ExpressionForm;
  }
}
