import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import type { LayoutSort } from "../../engine/protocol/runsLayout.ts";
import { t } from "../localize.ts";
import { type GridLooks, RowGrid } from "../parts/rowGrid.ts";
import { rowGridStyles } from "../parts/rowGridStyles.ts";
import { baseStyles } from "../parts/styles.ts";
import { cellOf } from "./cells.ts";
import { type RunsColumn, isRight, widthOf } from "./columns.ts";
import { runsGridStyles } from "./gridStyles.ts";
import type { TableLine } from "./groups.ts";

/** Pixels of the column of check boxes, as in the styles. */
const CHECK = 34;
/** Pixels of a column with means and their intervals, or with the names of groups. */
const GROUPED = 170;
/** Columns that are laid out beyond those that are seen, at either end. */
const SPARE = 2;
/** Columns that may stay at the left: more would leave no room for what passes by them. */
const MOST_PINNED = 4;
/** Share of the width that they may take. */
const PINNED_SHARE = 0.6;

/** A column that is shown, in its place. */
export interface ShownColumn extends RunsColumn {
  readonly isPinned: boolean;
}

/** Asks for another order. */
export class SortEvent extends Event {
  static readonly type = "sort";
  readonly column: string;
  /** True to keep the columns that rows are sorted by now. */
  readonly isMore: boolean;

  constructor(column: string, isMore: boolean) {
    super(SortEvent.type);
    this.column = column;
    this.isMore = isMore;
  }
}

/** Asks for lines to be selected or no longer, or for groups to be opened or closed. */
export class LineEvent extends Event {
  readonly index: number;

  constructor(type: "mark-line" | "open-line" | "toggle-group", index: number) {
    super(type);
    this.index = index;
  }
}

interface LinePage {
  readonly total: number;
  readonly rows: readonly TableLine[];
}

/** The rows of the runs table. Of its columns, too, only those in view are in the document. */
class RunsGrid extends RowGrid<LinePage> {
  static override readonly styles = [baseStyles, rowGridStyles, runsGridStyles];
  static override readonly properties = {
    ...RowGrid.properties,
    columns: { attribute: false },
    sort: { attribute: false },
    groupBy: { attribute: false },
    selected: { attribute: false },
  };
  /** Pinned ones first. */
  declare columns: readonly ShownColumn[];
  declare sort: readonly LayoutSort[];
  declare groupBy: readonly string[];
  /** Keys of rows. */
  declare selected: ReadonlySet<string>;
  private left = 0;
  private range = { first: 0, last: 0 };

  constructor() {
    super();
    this.columns = [];
    this.sort = [];
    this.groupBy = [];
    this.selected = new Set();
  }

  protected override willUpdate(changed: Parameters<RowGrid<LinePage>["willUpdate"]>[0]): void {
    this.range = this.seenColumns();
    super.willUpdate(changed);
  }

  protected override acrossTo(left: number): void {
    this.left = left;
  }

  protected override get label(): string {
    return t("Runs");
  }

  protected override get nColumns(): number {
    return this.columns.length + 1;
  }

  protected override get rowHeight(): number {
    return this.seen.line + 8;
  }

  /** Columns that stay in place, as far as there is room for others beside them. */
  private get pinned(): readonly ShownColumn[] {
    const pinned = this.columns.filter(({ isPinned }) => isPinned).slice(0, MOST_PINNED);
    let width = CHECK;
    return pinned.filter((column) => (width += this.widthOf(column)) <= PINNED_SHARE * this.seen.width);
  }

  private get passing(): readonly ShownColumn[] {
    const pinned = new Set(this.pinned);
    return this.columns.filter((column) => !pinned.has(column));
  }

  protected override get looks(): GridLooks {
    const { first } = this.range;
    const offsets: number[] = [];
    let at = CHECK;
    for (const column of this.pinned) {
      offsets.push(at);
      at += this.widthOf(column);
    }
    const skipped = sum(this.passing.slice(0, first).map((column) => this.widthOf(column)));
    const whole = at + sum(this.passing.map((column) => this.widthOf(column)));
    return {
      classes: "",
      style: {
        "--gap": `${skipped}px`,
        "--whole": `${whole}px`,
        ...Object.fromEntries(offsets.map((offset, place) => [`--pin-${place}`, `${offset}px`])),
      },
    };
  }

  /** Groups have means with their intervals. */
  private widthOf(column: ShownColumn): number {
    const width = widthOf(column);
    const isFirst = column === this.columns[0];
    return this.groupBy.length > 0 && (column.isMeasured || isFirst) ? Math.max(width, GROUPED) : width;
  }

  private seenColumns(): { readonly first: number; readonly last: number } {
    const pinned = CHECK + sum(this.pinned.map((column) => this.widthOf(column)));
    const room = this.seen.width - pinned;
    let [at, first, last] = [0, -1, 0];
    for (const [index, column] of this.passing.entries()) {
      const end = at + this.widthOf(column);
      if (first < 0 && end > this.left) first = index;
      if (at < this.left + room) last = index;
      at = end;
    }
    return { first: Math.max(0, first - SPARE), last: Math.min(this.passing.length - 1, last + SPARE) };
  }

  private get seenNow(): readonly ShownColumn[] {
    return this.passing.slice(this.range.first, this.range.last + 1);
  }

  protected override header(): TemplateResult {
    const all = this.columns;
    const cell = (column: ShownColumn, place: string): TemplateResult => {
      const at = this.sort.findIndex((one) => one.column === column.id);
      const descending = this.sort[at]?.descending === true;
      const name = column.meaning === "" ? column.label : `${column.label}: ${column.meaning}`;
      return html`<div
        role="columnheader"
        class="cell w${this.widthOf(column)} ${place} ${isRight(column.kind) ? "right" : ""}"
        aria-colindex=${all.indexOf(column) + 2}
        aria-sort=${at < 0 ? "none" : descending ? "descending" : "ascending"}
        title=${`${name}\n${column.id}`}
      >
        <button
          class="sort"
          @click=${(event: MouseEvent) => this.dispatchEvent(new SortEvent(column.id, event.shiftKey))}
        >
          <span class="name">${column.label}</span>${
            at < 0
              ? nothing
              : html`<vscode-icon name=${descending ? "arrow-down" : "arrow-up"} size="12"></vscode-icon>`
          }${at < 0 || this.sort.length < 2 ? nothing : html`<span class="muted">${at + 1}</span>`}
        </button>
      </div>`;
    };
    return html`<div role="columnheader" class="cell check" aria-colindex="1">
        <span class="visually-hidden">${t("Selected")}</span>
      </div>
      ${this.pinned.map((column, place) => cell(column, `pin pin-${place}`))}<i class="gap"></i>${repeat(
        this.seenNow,
        ({ id }) => id,
        (column) => cell(column, ""),
      )}`;
  }

  protected override cells(line: TableLine | undefined): TemplateResult {
    const { pinned, seenNow: seen, groupBy } = this;
    const keys = line === undefined ? [] : keysOf(line);
    const isSelected = keys.length > 0 && keys.every((key) => this.selected.has(key));
    const shape = JSON.stringify([this.range, pinned.map(({ id }) => id)]);
    return html`${guard([line, this.columns, shape, isSelected, groupBy], () =>
      line === undefined
        ? nothing
        : html`<div role="gridcell" class="cell check" aria-colindex="1">
              <input
                type="checkbox"
                tabindex="-1"
                aria-label=${t("Select")}
                .checked=${isSelected}
                @click=${(event: Event) => this.mark(event, line)}
              />
            </div>
            ${pinned.map((column, place) => this.cell(column, line, `pin pin-${place}`, place === 0))}<i class="gap"></i
            >${repeat(
              seen,
              ({ id }) => id,
              (column, at) => this.cell(column, line, "", at === 0 && pinned.length === 0),
            )}`,
    )}`;
  }

  private cell(column: ShownColumn, line: TableLine, place: string, isFirst: boolean): TemplateResult {
    const { groupBy } = this;
    const { text, title, content } = cellOf(column, line, { groupBy, isFirst });
    const toggle = isFirst && line.kind === "group" ? (event: Event) => this.toggle(event, line) : undefined;
    return html`<div
      role="gridcell"
      class="cell w${this.widthOf(column)} ${place} ${isRight(column.kind) ? "right" : ""} ${line.kind === "group" ? "group" : ""}"
      aria-colindex=${this.columns.indexOf(column) + 2}
      title=${title}
      @click=${toggle ?? nothing}
    >
      ${content ?? html`<span class="text">${text}</span>`}
    </div>`;
  }

  private mark(event: Event, line: TableLine): void {
    event.stopPropagation();
    const index = this.pages.head?.rows.indexOf(line) ?? -1;
    this.dispatchEvent(new LineEvent("mark-line", index));
  }

  private toggle(event: Event, line: TableLine): void {
    event.stopPropagation();
    const index = this.pages.head?.rows.indexOf(line) ?? -1;
    this.dispatchEvent(new LineEvent("toggle-group", index));
  }
}

/** Keys of the rows that a line stands for. */
export function keysOf(line: TableLine): readonly string[] {
  return line.kind === "row" ? [line.row.key] : line.group.rows.map(({ key }) => key);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

customElements.define("salsa-runs-grid", RunsGrid);
