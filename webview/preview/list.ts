import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { PreviewPage, PreviewRow } from "../../engine/protocol/preview.ts";
import { t } from "../localize.ts";
import type { Pages } from "../parts/pages.ts";
import { styled } from "../parts/styled.ts";
import { baseStyles } from "../parts/styles.ts";
import { Track } from "../parts/track.ts";
import { fateLabel, placeText, whyText } from "./fates.ts";
import { listStyles, tokenStyles } from "./styles.ts";
import { ActiveRowEvent } from "../parts/rowGrid.ts";
import { listTokens } from "./tokens.ts";

const LINE_HEIGHT = 1.4;
/** Above and below the text of a row, in pixels. */
const PADDING = 8;
/** Lines of each sequence of a row. */
const LINES = 2;

/** A list of any number of rows, of which only those in view are in the document. */
class PreviewList extends LitElement {
  static override readonly styles = [baseStyles, tokenStyles, listStyles];
  static override readonly properties = {
    pages: { attribute: false },
    revision: { attribute: false },
    perRow: { attribute: false },
    active: { attribute: false },
  };
  declare pages: Pages<PreviewPage>;
  /** Counts changes of `pages`. */
  declare revision: number;
  /** Sequences of a row: two of pairs. */
  declare perRow: number;
  /** Index of the active row. */
  declare active: number;
  private readonly track = new Track();
  private readonly observer = new ResizeObserver(() => {
    this.measure();
    this.resize();
    this.settle();
    this.requestUpdate();
  });
  private lastTop = 0;
  private scrolledTo = 0;
  /** Pixels. */
  private seen = { height: 1, line: 18 };

  constructor() {
    super();
    this.revision = 0;
    this.perRow = 1;
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

  override focus(): void {
    this.viewport?.focus();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("pages") && changed.get("pages") !== undefined) this.track.jumpTo(0);
    this.resize();
    const { first, last } = this.track.rows;
    this.pages.want(first, last, this.track.top < this.lastTop);
    this.lastTop = this.track.top;
  }

  protected override updated(): void {
    this.settle();
  }

  protected override render(): TemplateResult {
    const slots = this.track.slots();
    return html`<div
      class="viewport"
      role="grid"
      tabindex="0"
      aria-label=${t("Rows")}
      aria-rowcount=${this.nRows + 1}
      aria-colcount="4"
      aria-activedescendant=${slots.includes(this.active) ? `row-${this.active}` : nothing}
      @scroll=${this.onScroll}
      @scrollend=${() => this.settle()}
      @keydown=${this.onKey}
      ${styled({ "--lines": String(LINES) })}
    >
      <div role="rowgroup" class="head">
        <div role="row" class="line" aria-rowindex="1">
          <div role="columnheader" class="cell">${t("Line")}</div>
          <div role="columnheader" class="cell">${t("Becomes")}</div>
          <div role="columnheader" class="cell number">${t("Tokens")}</div>
          <div role="columnheader" class="cell">${t("What the model sees")}</div>
        </div>
      </div>
      <div class="canvas" role="rowgroup" ${styled({ height: `${this.track.height}px` })}>
        ${slots.map((index) => this.row(index))}
      </div>
    </div>`;
  }

  private row(index: number): TemplateResult {
    const row = this.pages.row(index);
    return html`<div
      role="row"
      id="row-${index}"
      class="line row ${index % 2 === 1 ? "odd" : ""}"
      aria-rowindex=${index + 2}
      aria-selected=${index === this.active ? "true" : "false"}
      @click=${() => this.activate(index)}
      ${styled({ transform: `translateY(${this.track.offsetOf(index)}px)`, height: `${this.rowHeight}px` })}
    >
      ${row === undefined ? html`<div role="gridcell" class="cell">${t("Loading…")}</div>` : cells(row)}
    </div>`;
  }

  private readonly onScroll = (): void => {
    if (this.viewport === null) return;
    this.scrolledTo = this.viewport.scrollTop;
    this.track.scrollTo(this.scrolledTo);
    this.requestUpdate();
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
    };
    const target = moves[event.key];
    if (target === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.activate(Math.max(0, Math.min(this.nRows - 1, target)));
  };

  private activate(row: number): void {
    this.track.reveal(row);
    this.settle();
    this.requestUpdate();
    this.dispatchEvent(new ActiveRowEvent(row, false));
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
    this.seen = { height: Math.max(1, viewport.clientHeight - head), line: Math.ceil(fontSize * LINE_HEIGHT) };
  }

  private resize(): void {
    this.track.resize({ nRows: this.nRows, rowHeight: this.rowHeight, viewport: this.seen.height });
  }

  private get rowHeight(): number {
    return this.perRow * (this.seen.line * LINES) + PADDING;
  }

  private get nRows(): number {
    return this.pages.head?.total ?? 0;
  }

  private get viewport(): HTMLElement | null {
    return this.renderRoot.querySelector(".viewport");
  }
}

function cells(row: PreviewRow): TemplateResult {
  const { sequences } = row;
  return html`<div role="gridcell" class="cell number">${placeText(row)}</div>
    <div role="gridcell" class="cell">${fateLabel(row.fate)}</div>
    <div role="gridcell" class="cell number">
      ${sequences.map(({ nTokens, used }) => html`<div>${nTokens}${used < nTokens ? ` ✂ ${used}` : nothing}</div>`)}
    </div>
    <div role="gridcell" class="cell mono">
      ${
        sequences.length === 0
          ? html`<div class="text words">${whyText(row)}</div>`
          : sequences.map((sequence) => html`<div class="text">${listTokens(sequence)}</div>`)
      }
    </div>`;
}

customElements.define("salsa-preview-list", PreviewList);
