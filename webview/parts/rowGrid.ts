import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { t } from "../localize.ts";
import type { RowPage, RowSource } from "./pages.ts";
import { type Style, styled } from "./styled.ts";
import { Track } from "./track.ts";
import { whenResized } from "./observed.ts";

const LINE_HEIGHT = 1.4;

/** Reports a new active row. */
export class ActiveRowEvent extends Event {
  static readonly type = "active-row";
  readonly row: number;
  /** True if the row is to be opened too. */
  readonly isOpened: boolean;

  constructor(row: number, isOpened: boolean) {
    super(ActiveRowEvent.type);
    this.row = row;
    this.isOpened = isOpened;
  }
}

/** Classes and variables of a grid as a whole. */
export interface GridLooks {
  readonly classes: string;
  readonly style: Style;
}

/** A grid of any number of rows of one height, of which only those in view are in the document. */
export abstract class RowGrid<P extends RowPage> extends LitElement {
  static override readonly properties = {
    pages: { attribute: false },
    revision: { attribute: false },
    active: { attribute: false },
  };
  declare pages: RowSource<P>;
  /** Counts changes of `pages`. */
  declare revision: number;
  /** Index of the active row. */
  declare active: number;
  /** Pixels; measured when the grid changes its size, and not at each movement. */
  protected seen = { height: 1, line: 18, width: 1000, fontSize: 13 };
  private readonly track = new Track();
  private lastTop = 0;
  /** Scroll position of the viewport, in pixels; reading it from the DOM would force a layout. */
  private scrolledTo = 0;

  constructor() {
    super();
    this.revision = 0;
    this.active = 0;
    whenResized(this, () => this.fit());
  }

  /** Its name, for screen readers. */
  protected abstract get label(): string;
  protected abstract get nColumns(): number;
  /** Pixels. */
  protected abstract get rowHeight(): number;
  protected abstract get looks(): GridLooks;
  protected abstract header(): TemplateResult;
  /** Cells of a row, of one that is not loaded yet, too. */
  protected abstract cells(row: P["rows"][number] | undefined): TemplateResult;

  /** Takes the grid's own size. */
  private fit(): void {
    const { first, last } = this.track.rows;
    const isActiveSeen = this.active >= first && this.active <= last;
    this.measure();
    this.resize();
    // A pane that opens below must not cover the row that it is about.
    if (isActiveSeen) this.track.reveal(this.active);
    this.settle();
    this.requestUpdate();
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

  protected override willUpdate(_changed: PropertyValues): void {
    this.resize();
    const { first, last } = this.track.rows;
    this.pages.want(first, last, this.track.top < this.lastTop);
    this.lastTop = this.track.top;
  }

  protected override updated(changed: PropertyValues): void {
    // Rows that come or change their height move the thumb, not the rows.
    if (changed.has("pages") || changed.has("revision")) this.settle();
  }

  protected override render(): TemplateResult {
    const slots = this.track.slots();
    const isActiveThere = slots.includes(this.active);
    const { classes, style } = this.looks;
    return html`<div
      class="viewport ${classes}"
      role="grid"
      tabindex="0"
      aria-label=${this.label}
      aria-rowcount=${this.nRows + 1}
      aria-colcount=${this.nColumns}
      aria-activedescendant=${isActiveThere ? `row-${this.active}` : nothing}
      @scroll=${this.onScroll}
      @scrollend=${this.onScrollEnd}
      @keydown=${this.onKey}
      ${styled(style)}
    >
      <div role="rowgroup" class="head"><div role="row" class="line" aria-rowindex="1">${this.header()}</div></div>
      <div class="canvas" role="rowgroup" ${styled({ height: `${this.track.height}px` })}>
        ${slots.map((row) => this.row(row))}
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

  /** The viewport was scrolled to the side, by pixels from its start. */
  protected acrossTo(_left: number): void {
    return undefined; // most grids lay out all their columns
  }

  /** Text of a cell in place of a row that is not loaded yet. */
  protected waiting(row: P["rows"][number] | undefined): string | typeof nothing {
    return row === undefined ? t("Loading…") : nothing;
  }

  private readonly onScroll = (): void => {
    if (this.viewport === null) return;
    this.scrolledTo = this.viewport.scrollTop;
    this.acrossTo(this.viewport.scrollLeft);
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
    this.active = row; // the next key may come before the new row comes back from above
    this.track.reveal(row);
    this.settle();
    this.requestUpdate();
    this.dispatchEvent(new ActiveRowEvent(row, isOpened));
    void this.updateComplete.then(() => this.bringIntoPanel(row));
  }

  /** Scrolls what is around the grid, too: in a small panel the grid is higher than the panel. */
  private bringIntoPanel(row: number): void {
    this.renderRoot.querySelector(`#row-${row}`)?.scrollIntoView({ block: "nearest" });
  }

  /** Puts the thumb where it belongs. */
  protected settle(): void {
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

  private get nRows(): number {
    return this.pages.head?.total ?? 0;
  }

  private get viewport(): HTMLElement | null {
    return this.renderRoot.querySelector(".viewport");
  }
}
