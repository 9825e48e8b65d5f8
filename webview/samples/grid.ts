import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { SamplePage, SampleRow } from "../../engine/protocol/samples.ts";
import { t } from "../localize.ts";
import { marked } from "../parts/matches.ts";
import { type GridLooks, RowGrid } from "../parts/rowGrid.ts";
import { rowGridStyles } from "../parts/rowGridStyles.ts";
import { baseStyles } from "../parts/styles.ts";
import type { SampleColumn } from "./columns.ts";
import { excerpt } from "./excerpt.ts";
import { DENSITIES, type Density } from "./filter.ts";
import { completionCell } from "./gridCells.ts";
import { gridStyles } from "./gridStyles.ts";

/** Pixels of the narrowest column, as in the styles. */
const NARROWEST = 200;
/** Width of narrow letters as a share of the font size; text that cannot fit at this width is not laid out at all. */
const LETTER_WIDTH = 0.38;
/** Above and below the text of a row. */
const PADDING = 10;
/** Pixels of the narrowest column of prompts with that of steps, as in the styles. */
const NARROWEST_PROMPT = 260;

/** Prompts with the responses of every column. */
export class SampleGrid extends RowGrid<SamplePage> {
  static override readonly styles = [baseStyles, rowGridStyles, gridStyles];
  static override readonly properties = {
    ...RowGrid.properties,
    columns: { attribute: false },
    hasSteps: { attribute: false },
    place: { attribute: false },
    density: { attribute: false },
    search: { attribute: false },
  };
  declare columns: readonly SampleColumn[];
  /** True if rows belong to steps of training. */
  declare hasSteps: boolean;
  /** Id of the column that stands out. */
  declare place: string | undefined;
  declare density: Density;
  declare search: string;

  constructor() {
    super();
    this.columns = [];
    this.hasSteps = true;
    this.density = "comfortable";
    this.search = "";
  }

  protected override updated(changed: PropertyValues<this>): void {
    super.updated(changed);
    if (changed.has("density")) this.settle();
    // Of many columns, the one that another view leads to comes into sight.
    if (changed.has("place") || changed.has("columns")) {
      this.renderRoot.querySelector(".head .place")?.scrollIntoView({ block: "nearest", inline: "center" });
    }
  }

  protected override get label(): string {
    return t("Samples");
  }

  protected override get looks(): GridLooks {
    const isWide = this.seen.width < NARROWEST_PROMPT + this.columns.length * NARROWEST;
    return {
      classes: `${this.density} ${this.hasSteps ? "stepped" : ""} ${isWide ? "wide" : ""}`,
      style: { "--columns": String(this.columns.length), "--lines": String(DENSITIES[this.density]) },
    };
  }

  protected override header(): TemplateResult {
    return html`${this.hasSteps ? html`<div role="columnheader" class="cell step">${t("Step")}</div>` : nothing}
      <div role="columnheader" class="cell prompt">${t("Prompt")}</div>
      ${this.columns.map(
        ({ id, name, origin }) =>
          html`<div role="columnheader" class="cell ${id === this.place ? "place" : ""}" title=${`${name} ${origin}`}>
            <span class="name">${name} ${origin === "" ? nothing : html`<span class="muted">${origin}</span>`}</span>
            <span class="muted score">${t("score")}</span>
          </div>`,
      )}`;
  }

  protected override cells(row: SampleRow | undefined): TemplateResult {
    const step = row === undefined ? "" : (row.step ?? "–");
    return html`${this.hasSteps ? html`<div role="gridcell" class="cell step number">${step}</div>` : nothing}
      <div role="gridcell" class="cell prompt" aria-label=${this.waiting(row)}>
        <span class="text">${this.text(row?.prompt ?? "")}</span>
      </div>
      ${this.columns.map((_, index) => completionCell(row === undefined ? undefined : (row.responses[index] ?? null), this.show))}`;
  }

  private readonly show = (text: string): ReturnType<typeof marked> => this.text(text);

  private text(text: string): ReturnType<typeof marked> {
    const column = Math.max(NARROWEST, this.seen.width / (this.columns.length + 1));
    const nLetters = Math.ceil(column / (this.seen.fontSize * LETTER_WIDTH)) * DENSITIES[this.density];
    return marked(excerpt(text, this.search, nLetters), this.search);
  }

  protected override get rowHeight(): number {
    return this.seen.line * DENSITIES[this.density] + PADDING;
  }

  protected override get nColumns(): number {
    return this.columns.length + (this.hasSteps ? 2 : 1);
  }
}

customElements.define("salsa-sample-grid", SampleGrid);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-sample-grid": SampleGrid;
  }
}
