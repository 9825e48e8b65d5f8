import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { SampleRow } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { marked } from "../parts/matches.ts";
import { styled } from "../parts/styled.ts";
import { baseStyles } from "../parts/styles.ts";
import type { SampleColumn } from "./columns.ts";
import { excerpt } from "./excerpt.ts";
import { DENSITIES, type Density } from "./filter.ts";
import { completionCell } from "./gridCells.ts";
import { gridStyles } from "./gridStyles.ts";
import type { Pages } from "../parts/pages.ts";
import { Track } from "../parts/track.ts";

/** Pixels of the narrowest column, as in the styles. */
const NARROWEST = 200;
/** Width of narrow letters as a share of the font size; text that cannot fit at this width is not laid out at all. */
const LETTER_WIDTH = 0.38;
const LINE_HEIGHT = 1.4;
/** Above and below the text of a row. */
const PADDING = 10;
/** Pixels of the narrowest column of prompts with that of steps, as in the styles. */
const NARROWEST_PROMPT = 260;

/** Reports a new active row. */
export class ActiveSampleEvent extends Event {
  static readonly type = "active-row";
  readonly row: number;
  /** True if the row is to be opened too. */
  readonly isOpened: boolean;

  constructor(row: number, isOpened: boolean) {
    super(ActiveSampleEvent.type);
    this.row = row;
    this.isOpened = isOpened;
  }
}

/** A grid of any number of rows, of which only those in view are in the document. */
export class SampleGrid extends LitElement {
  static override readonly styles = [baseStyles, gridStyles];
  static override readonly properties = {
    pages: { attribute: false },
    revision: { attribute: false },
    columns: { attribute: false },
    hasSteps: { attribute: false },
    place: { attribute: false },
    density: { attribute: false },
    search: { attribute: false },
    active: { attribute: false },
  };
  declare pages: Pages;
  /** Counts changes of `pages`. */
  declare revision: number;
  declare columns: readonly SampleColumn[];
  /** True if rows belong to steps of training. */
  declare hasSteps: boolean;
  /** Id of the column that stands out. */
  declare place: string | undefined;
  declare density: Density;
  declare search: string;
  /** Index of the active row. */
  declare active: number;
  private readonly track = new Track();
  private readonly observer = new ResizeObserver(() => {
    const { first, last } = this.track.rows;
    const isActiveSeen = this.active >= first && this.active <= last;
    this.measure();
    this.resize();
    // A pane that opens below must not cover the row that it is about.
    if (isActiveSeen) this.track.reveal(this.active);
    this.settle();
    this.requestUpdate();
  });
  private lastTop = 0;
  /** Scroll position of the viewport, in pixels; reading it from the DOM would force a layout. */
  private scrolledTo = 0;
  /** Pixels; measured when the grid changes its size, and not at each movement. */
  private seen = { height: 1, line: 18, width: 1000, fontSize: 13 };

  constructor() {
    super();
    this.revision = 0;
    this.columns = [];
    this.hasSteps = true;
    this.density = "comfortable";
    this.search = "";
    this.active = 0;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer.disconnect();
  }

  /** Puts a row at the top. */
  jumpTo(row: number): void {
    this.resize();
    this.track.jumpTo(row);
    this.requestUpdate();
    void this.updateComplete.then(() => this.settle());
  }

  /** Makes a row the active one and moves just so far that it is seen. */
  moveTo(row: number): void {
    this.activate(row, false);
  }

  /** True if the last row is in view. */
  get isAtEnd(): boolean {
    return this.track.rows.last >= this.nRows - 1;
  }

  get firstInView(): number {
    return this.track.rows.first;
  }

  override focus(): void {
    this.viewport?.focus();
  }

  protected override willUpdate(): void {
    this.resize();
    const { first, last } = this.track.rows;
    this.pages.want(first, last, this.track.top < this.lastTop);
    this.lastTop = this.track.top;
  }

  protected override updated(changed: PropertyValues<this>): void {
    // Rows that come or change their height move the thumb, not the rows.
    if (changed.has("density") || changed.has("pages") || changed.has("revision")) this.settle();
  }

  protected override render(): TemplateResult {
    const slots = this.track.slots();
    const isActiveThere = slots.includes(this.active);
    const isWide = this.seen.width < NARROWEST_PROMPT + this.columns.length * NARROWEST;
    return html`<div
      class="viewport ${this.density} ${this.hasSteps ? "stepped" : ""} ${isWide ? "wide" : ""}"
      role="grid"
      tabindex="0"
      aria-label=${t("Samples")}
      aria-rowcount=${this.nRows + 1}
      aria-colcount=${this.nColumns}
      aria-activedescendant=${isActiveThere ? `row-${this.active}` : nothing}
      @scroll=${this.onScroll}
      @scrollend=${this.onScrollEnd}
      @keydown=${this.onKey}
      ${styled({ "--columns": String(this.columns.length), "--lines": String(DENSITIES[this.density]) })}
    >
      ${this.header()}
      <div class="canvas" role="rowgroup" ${styled({ height: `${this.track.height}px` })}>
        ${slots.map((row) => this.row(row))}
      </div>
    </div>`;
  }

  private header(): TemplateResult {
    return html`<div role="rowgroup" class="head">
      <div role="row" class="line" aria-rowindex="1">
        ${this.hasSteps ? html`<div role="columnheader" class="cell step">${t("Step")}</div>` : nothing}
        <div role="columnheader" class="cell prompt">${t("Prompt")}</div>
        ${this.columns.map(
          ({ id, name, origin }) =>
            html`<div role="columnheader" class="cell ${id === this.place ? "place" : ""}" title=${`${name} ${origin}`}>
              <span class="name">${name} ${origin === "" ? nothing : html`<span class="muted">${origin}</span>`}</span>
              <span class="muted score">${t("score")}</span>
            </div>`,
        )}
      </div>
    </div>`;
  }

  private row(index: number): TemplateResult {
    const row = this.pages.row(index);
    return html`<div
      role="row"
      id="row-${index}"
      class="line row ${index % 2 === 1 ? "odd" : ""} ${row === undefined ? "coming" : ""}"
      aria-rowindex=${index + 2}
      aria-selected=${index === this.active ? "true" : "false"}
      @click=${() => this.activate(index, true)}
      ${styled({ transform: `translateY(${this.track.offsetOf(index)}px)`, height: `${this.rowHeight}px` })}
    >
      ${this.cells(row)}
    </div>`;
  }

  /** Cells of a row; those of a row that is not loaded yet are labelled as loading. */
  private cells(row: SampleRow | undefined): TemplateResult {
    const step = row === undefined ? "" : (row.step ?? "–");
    return html`${this.hasSteps ? html`<div role="gridcell" class="cell step number">${step}</div>` : nothing}
      <div role="gridcell" class="cell prompt" aria-label=${row === undefined ? t("Loading…") : nothing}>
        <span class="text">${this.text(row?.prompt ?? "")}</span>
      </div>
      ${this.columns.map((_, index) => completionCell(row && (row.responses[index] ?? null), this.show))}`;
  }

  private readonly show = (text: string): ReturnType<typeof marked> => this.text(text);

  private text(text: string): ReturnType<typeof marked> {
    const column = Math.max(NARROWEST, this.seen.width / (this.columns.length + 1));
    const nLetters = Math.ceil(column / (this.seen.fontSize * LETTER_WIDTH)) * DENSITIES[this.density];
    return marked(excerpt(text, this.search, nLetters), this.search);
  }

  private readonly onScroll = (): void => {
    if (this.viewport === null) return;
    this.scrolledTo = this.viewport.scrollTop;
    this.track.scrollTo(this.scrolledTo);
    this.requestUpdate();
  };

  private readonly onScrollEnd = (): void => {
    this.settle();
    this.dispatchEvent(new Event("rest"));
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { first, last } = this.track.rows;
    const page = Math.max(1, last - first - 1);
    const moves: Readonly<Record<string, number>> = {
      ArrowUp: this.active - 1,
      ArrowDown: this.active + 1,
      PageUp: this.active - page,
      PageDown: this.active + page,
      Home: 0,
      End: this.nRows - 1,
      Enter: this.active,
    };
    const target = moves[event.key];
    if (target === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.activate(Math.max(0, Math.min(this.nRows - 1, target)), event.key === "Enter");
  };

  private activate(row: number, isOpened: boolean): void {
    this.track.reveal(row);
    this.settle();
    this.requestUpdate();
    this.dispatchEvent(new ActiveSampleEvent(row, isOpened));
  }

  private settle(): void {
    const { viewport } = this;
    if (viewport === null) return;
    const place = this.track.settle();
    if (Math.abs(this.scrolledTo - place) < 1) return;
    this.scrolledTo = place;
    viewport.scrollTop = place;
    this.requestUpdate();
  }

  private measure(): void {
    const { viewport } = this;
    if (viewport === null) return;
    const head = viewport.querySelector<HTMLElement>(".head")?.offsetHeight ?? 0;
    const fontSize = parseFloat(getComputedStyle(viewport).fontSize);
    this.seen = {
      height: Math.max(1, viewport.clientHeight - head),
      line: Math.ceil(fontSize * LINE_HEIGHT),
      width: viewport.clientWidth,
      fontSize,
    };
  }

  private resize(): void {
    this.track.resize({ nRows: this.nRows, rowHeight: this.rowHeight, viewport: this.seen.height });
  }

  private get rowHeight(): number {
    return this.seen.line * DENSITIES[this.density] + PADDING;
  }

  private get nColumns(): number {
    return this.columns.length + (this.hasSteps ? 2 : 1);
  }

  private get nRows(): number {
    return this.pages.head?.total ?? 0;
  }

  private get viewport(): HTMLElement | null {
    return this.renderRoot.querySelector(".viewport");
  }
}

customElements.define("salsa-sample-grid", SampleGrid);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-sample-grid": SampleGrid;
  }
}
