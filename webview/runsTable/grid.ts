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
import type { ModelRow } from "./rows.ts";

/** Pixels of the column of check boxes, as in the styles. */
const CHECK = 50;
/** Pixels of a column with means and their intervals, or with the names of groups. */
const GROUPED = 170;
/** Pixels of a column with long names of groups. */
const GROUPED_LONG = 280;
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

  constructor(type: string, index: number) {
    super(type);
    this.index = index;
  }
}

interface LinePage {
  readonly total: number;
  readonly rows: readonly TableLine[];
}

/** Columns as they are laid out. */
interface Laid {
  /** In their place at the left, as far as there is room for others beside them. */
  readonly pinned: readonly ShownColumn[];
  readonly passing: readonly ShownColumn[];
  /** Place of the first of those in view among the passing ones. */
  readonly first: number;
  readonly seen: readonly ShownColumn[];
  /** Changes with these. */
  readonly shape: string;
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
    inDashboard: { attribute: false },
  };
  /** Pinned ones first. */
  declare columns: readonly ShownColumn[];
  declare sort: readonly LayoutSort[];
  declare groupBy: readonly string[];
  /** Keys of rows. */
  declare selected: ReadonlySet<string>;
  /** Folders of the runs that the dashboard shows; undefined while none is open. */
  declare inDashboard: ReadonlySet<string> | undefined;
  private left = 0;
  private laid: Laid = { pinned: [], passing: [], first: 0, seen: [], shape: "" };
  private places: ReadonlyMap<string, number> = new Map();

  constructor() {
    super();
    this.columns = [];
    this.sort = [];
    this.groupBy = [];
    this.selected = new Set();
  }

  protected override willUpdate(changed: Parameters<RowGrid<LinePage>["willUpdate"]>[0]): void {
    // Once for all rows, of which each frame draws some forty.
    if (changed.has("columns")) this.places = new Map(this.columns.map(({ id }, at) => [id, at + 2]));
    this.laid = this.layOut();
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

  protected override get looks(): GridLooks {
    const skipped = this.laid.passing.slice(0, this.laid.first);
    const whole = CHECK + this.widthOfAll(this.columns);
    return { classes: "", style: { "--gap": `${this.widthOfAll(skipped)}px`, "--whole": `${whole}px` } };
  }

  private widthOfAll(columns: readonly ShownColumn[]): number {
    return columns.reduce((all, column) => all + this.widthOf(column), 0);
  }

  /** Groups have means with their intervals. */
  private widthOf(column: ShownColumn): number {
    const width = widthOf(column);
    const isFirst = column === this.columns[0];
    if (this.groupBy.length === 0 || !(column.isMeasured || isFirst)) return width;
    return column.isLong === true ? GROUPED_LONG : Math.max(width, GROUPED);
  }

  private layOut(): Laid {
    const { left, columns } = this;
    const { width } = this.seen;
    let taken = CHECK;
    const pinned = columns
      .filter(({ isPinned }) => isPinned)
      .slice(0, MOST_PINNED)
      .filter((column) => (taken += this.widthOf(column)) <= PINNED_SHARE * width);
    const passing = columns.filter((column) => !pinned.includes(column));
    const room = width - CHECK - this.widthOfAll(pinned);
    let [at, first, last] = [0, -1, 0];
    for (const [index, column] of passing.entries()) {
      const end = at + this.widthOf(column);
      if (first < 0 && end > left) first = index;
      if (at < left + room) last = index;
      at = end;
    }
    first = Math.max(0, first - SPARE);
    last = Math.min(passing.length - 1, last + SPARE);
    const shape = `${first} ${last} ${pinned.length}`;
    return { pinned, passing, first, seen: passing.slice(first, last + 1), shape };
  }

  protected override header(): TemplateResult {
    const { pinned, seen } = this.laid;
    const cell = (column: ShownColumn): TemplateResult => {
      const at = this.sort.findIndex((one) => one.column === column.id);
      const descending = this.sort[at]?.descending === true;
      const name = column.meaning === "" ? column.label : `${column.label}: ${column.meaning}`;
      return html`<div
        role="columnheader"
        class="cell w${this.widthOf(column)} ${isRight(column.kind) ? "right" : ""}"
        aria-colindex=${this.places.get(column.id) ?? nothing}
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
    return html`<div class="pins" role="presentation">
        <div role="columnheader" class="cell check" aria-colindex="1">
          <span class="visually-hidden">${t("Selected")}</span>
        </div>
        ${pinned.map(cell)}
      </div>
      <i class="gap"></i>${repeat(seen, ({ id }) => id, cell)}`;
  }

  protected override cells(line: TableLine | undefined): TemplateResult {
    const { groupBy } = this;
    const { pinned, seen, shape } = this.laid;
    const keys = line === undefined ? [] : keysOf(line);
    const isSelected = keys.length > 0 && keys.every((key) => this.selected.has(key));
    const isOpen = line !== undefined && rowsIn(line).some(({ folder }) => this.inDashboard?.has(folder) === true);
    return html`${guard([line, this.columns, shape, isSelected, isOpen, groupBy], () =>
      line === undefined
        ? nothing
        : html`<div class="pins" role="presentation">
              <div role="gridcell" class="cell check" aria-colindex="1">
                <input
                  type="checkbox"
                  tabindex="-1"
                  aria-label=${t("Select")}
                  .checked=${isSelected}
                  @click=${(event: Event) => this.tell("mark-line", event, line)}
                />${isOpen ? shownMark() : nothing}
              </div>
              ${pinned.map((column, at) => this.cell(column, line, at === 0))}
            </div>
            <i class="gap"></i>${repeat(
              seen,
              ({ id }) => id,
              (column, at) => this.cell(column, line, at === 0 && pinned.length === 0),
            )}`,
    )}`;
  }

  private cell(column: ShownColumn, line: TableLine, isFirst: boolean): TemplateResult {
    const { groupBy } = this;
    const { text, title, content } = cellOf(column, line, { groupBy, isFirst });
    const toggles = isFirst && line.kind === "group";
    return html`<div
      role="gridcell"
      class="cell w${this.widthOf(column)} ${isRight(column.kind) ? "right" : ""} ${line.kind === "group" ? "group" : ""}"
      aria-colindex=${this.places.get(column.id) ?? nothing}
      title=${title}
      @click=${toggles ? (event: Event) => this.tell("toggle-group", event, line) : nothing}
    >
      ${content ?? html`<span class="text">${text}</span>`}
    </div>`;
  }

  /** Instead of making the line the active one, which a click does elsewhere in it. */
  private tell(type: LineEvent["type"], event: Event, line: TableLine): void {
    event.stopPropagation();
    this.dispatchEvent(new LineEvent(type, this.pages.head?.rows.indexOf(line) ?? -1));
  }
}

/** Says of a line that the dashboard shows its run. */
function shownMark(): TemplateResult {
  const text = t("Shown in the dashboard");
  return html`<vscode-icon name="dashboard" size="13" title=${text} aria-hidden="true"></vscode-icon
    ><span class="visually-hidden">${text}</span>`;
}

/** Keys of the rows that a line stands for. */
export function keysOf(line: TableLine): readonly string[] {
  return rowsIn(line).map(({ key }) => key);
}

function rowsIn(line: TableLine): readonly ModelRow[] {
  return line.kind === "row" ? [line.row] : line.group.rows;
}

/** The keys without some of them if all of these are there, else with them. */
export function toggled(keys: ReadonlySet<string>, some: readonly string[]): ReadonlySet<string> {
  const isAll = some.every((key) => keys.has(key));
  return new Set(isAll ? [...keys].filter((key) => !some.includes(key)) : [...keys, ...some]);
}

customElements.define("salsa-runs-grid", RunsGrid);
