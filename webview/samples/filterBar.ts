import "@vscode-elements/elements/dist/vscode-checkbox/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import "@vscode-elements/elements/dist/vscode-textfield/index.js";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { translatedAlarm } from "../../engine/protocol/alarmTexts.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import type { SamplePage, SampleSource } from "../../engine/protocol/samples.ts";
import { stageNames } from "../../engine/protocol/stageName.ts";
import { TEST_PROMPTS } from "../../engine/protocol/testPrompts.ts";
import { fromCatalogue, t } from "../localize.ts";
import { Debounce } from "../parts/debounce.ts";
import { baseStyles, controlStyles } from "../parts/styles.ts";
import type { SampleColumn } from "./columns.ts";
import { benchmarksOf, DENSITIES, type Density, type Order, ORDERS, type SampleFilter, seedsOf } from "./filter.ts";
import type { StepRangeEvent } from "./stepRange.ts";
import "./stepRange.ts";

/** Reports a new filter or density. */
export class FilterEvent extends Event {
  static readonly type = "filter";
  readonly filter: SampleFilter | undefined;
  readonly density: Density | undefined;

  constructor({ filter, density }: { readonly filter?: SampleFilter; readonly density?: Density }) {
    super(FilterEvent.type);
    this.filter = filter;
    this.density = density;
  }
}

/** Milliseconds after the last key before the service searches. */
const TYPING = 250;

/** Source, search, order, columns and steps of the samples. */
export class FilterBar extends LitElement {
  static override readonly styles = [
    baseStyles,
    controlStyles,
    css`
      :host {
        display: flex;
        flex-direction: column;
        gap: 8px;
      }
      vscode-textfield {
        width: 270px;
        max-width: 100%;
      }
    `,
  ];
  static override readonly properties = {
    filter: { attribute: false },
    density: { attribute: false },
    outline: { attribute: false },
    head: { attribute: false },
    allColumns: { attribute: false },
  };
  declare filter: SampleFilter;
  declare density: Density;
  declare outline: RunOutline | undefined;
  declare head: SamplePage | undefined;
  declare allColumns: readonly SampleColumn[];
  private readonly typing = new Debounce(TYPING);

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.typing.cancel();
  }

  protected override render(): TemplateResult {
    const { text, isUnended } = this.filter;
    return html`<div class="toolbar" role="search">
        ${this.sources()}
        <vscode-textfield
          label=${t("Search prompts and responses")}
          placeholder=${t("Search prompts and responses")}
          .value=${text}
          @input=${this.onType}
        >
          <vscode-icon slot="content-before" name="search"></vscode-icon>
        </vscode-textfield>
        ${this.orders()}
        <vscode-checkbox
          label=${t("Cut off only")}
          title=${t("Only rows with a response that was cut off")}
          ?checked=${isUnended}
          @change=${(event: Event) => this.narrow({ isUnended: (event.target as HTMLInputElement).checked })}
        ></vscode-checkbox>
        ${this.repeated()}
        <span class="spacer"></span>
        ${this.densities()}
      </div>
      <div class="toolbar">${this.columns()} ${this.steps()}</div>`;
  }

  private repeated(): TemplateResult | typeof nothing {
    if (this.filter.source.kind !== "rollouts") return nothing;
    return html`<vscode-checkbox
      label=${t("At several steps")}
      title=${t("Only prompts that were kept at several steps, which can be read across steps")}
      ?checked=${this.filter.isRepeated === true}
      @change=${(event: Event) => this.narrow({ isRepeated: (event.target as HTMLInputElement).checked })}
    ></vscode-checkbox>`;
  }

  private sources(): TemplateResult {
    const { outline } = this;
    const benchmarks = outline === undefined ? [] : benchmarksOf(outline);
    const seeds = outline === undefined ? [] : seedsOf(outline);
    const answers = (benchmark: string): { label: string; source: SampleSource }[] => {
      const isTest = benchmark === TEST_PROMPTS;
      if (seeds.length === 0) {
        const label = isTest ? t("Test prompts") : t("Answers: {0}", benchmark);
        return [{ label, source: { kind: "answers", benchmark } }];
      }
      return seeds.map((seed) => ({
        label: isTest ? t("Test prompts, seed {0}", seed) : t("Answers: {0}, seed {1}", benchmark, seed),
        source: { kind: "answers", benchmark, seed },
      }));
    };
    const sources: { label: string; source: SampleSource }[] = [
      { label: t("Rollouts during training"), source: { kind: "rollouts" } },
      ...benchmarks.filter((benchmark) => benchmark !== TEST_PROMPTS).flatMap(answers),
      // Also where there are none: it says how to get some.
      ...answers(TEST_PROMPTS),
    ];
    const chosen = JSON.stringify(this.filter.source);
    return html`<select
      aria-label=${t("Source")}
      @change=${(event: Event) => this.onSource(sources[(event.target as HTMLSelectElement).selectedIndex]?.source)}
    >
      ${sources.map(
        ({ label, source }) => html`<option ?selected=${JSON.stringify(source) === chosen}>${label}</option>`,
      )}
    </select>`;
  }

  private onSource(source: SampleSource | undefined): void {
    if (source === undefined) return;
    this.narrow({ source, from: undefined, to: undefined, hidden: [] });
  }

  private orders(): TemplateResult {
    const labels: Readonly<Record<Order, string>> = {
      newest: t("newest step first"),
      recorded: this.filter.source.kind === "rollouts" ? t("oldest step first") : t("as recorded"),
      lowest: t("lowest score first"),
      highest: t("highest score first"),
      spread: t("largest difference first"),
      disagreement: t("largest disagreement of reward and gold first"),
    };
    const isOfRollouts = this.filter.source.kind === "rollouts";
    const offered = ORDERS.filter((order) => {
      if (order === "newest") return isOfRollouts;
      return order !== "disagreement" || this.head?.hasGold === true;
    });
    const chosen = offered.includes(this.filter.order) ? this.filter.order : offered[0];
    return html`<select
      aria-label=${t("Order")}
      @change=${(event: Event) => this.narrow({ order: (event.target as HTMLSelectElement).value as Order })}
    >
      ${offered.map((order) => html`<option value=${order} ?selected=${order === chosen}>${labels[order]}</option>`)}
    </select>`;
  }

  private densities(): TemplateResult {
    const labels: Readonly<Record<Density, string>> = {
      compact: t("Compact"),
      comfortable: t("Comfortable"),
      spacious: t("Spacious"),
    };
    const densities = Object.keys(DENSITIES) as Density[];
    return html`<select
      aria-label=${t("Row height")}
      @change=${(event: Event) =>
        this.dispatchEvent(new FilterEvent({ density: (event.target as HTMLSelectElement).value as Density }))}
    >
      ${densities.map(
        (density) => html`<option value=${density} ?selected=${density === this.density}>${labels[density]}</option>`,
      )}
    </select>`;
  }

  private columns(): TemplateResult | typeof nothing {
    const { hidden } = this.filter;
    if (this.allColumns.length < 2) return nothing;
    const shown = this.allColumns.filter(({ id }) => !hidden.includes(id));
    const toggled = (column: string): readonly string[] =>
      hidden.includes(column) ? hidden.filter((one) => one !== column) : [...hidden, column];
    return html`<div class="field" role="group" aria-label=${t("Columns")}>
      <span class="muted">${t("Columns")}</span>
      <span class="chips">
        ${this.allColumns.map(
          ({ id, name }) =>
            html`<button
              class="chip"
              aria-pressed=${hidden.includes(id) ? "false" : "true"}
              ?disabled=${shown.length === 1 && shown[0]?.id === id}
              @click=${() => this.narrow({ hidden: toggled(id) })}
            >
              ${name}
            </button>`,
        )}
      </span>
    </div>`;
  }

  private steps(): TemplateResult | typeof nothing {
    const { steps } = this.head ?? {};
    if (this.filter.source.kind !== "rollouts" || steps === undefined || steps.from === steps.to) return nothing;
    const nameOf = stageNames(this.outline?.stages ?? [], fromCatalogue);
    const marks = (this.outline?.alarms ?? []).map(({ step, stage, name }) => ({
      step,
      stage,
      label: t("{0} at step {1} of {2}: go there", translatedAlarm(name, fromCatalogue).label, step, nameOf(stage)),
    }));
    return html`<salsa-step-range
      .first=${steps.from}
      .last=${steps.to}
      .from=${this.filter.from}
      .to=${this.filter.to}
      .marks=${marks}
      @step-range=${({ from, to }: StepRangeEvent) => this.narrow({ from, to })}
    ></salsa-step-range>`;
  }

  private readonly onType = (event: Event): void => {
    const { value } = event.target as HTMLInputElement;
    this.typing.run(() => this.narrow({ text: value }));
  };

  private narrow(change: Partial<SampleFilter>): void {
    this.dispatchEvent(new FilterEvent({ filter: { ...this.filter, ...change } }));
  }
}

customElements.define("salsa-sample-filter", FilterBar);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-sample-filter": FilterBar;
  }
}
