import { html, LitElement, type TemplateResult } from "lit";
import { FIRST_LAYOUT, type LayoutBook, type TableLayout } from "../../engine/protocol/runsLayout.ts";
import { choiceStyles } from "../parts/choice.ts";
import { Debounce } from "../parts/debounce.ts";
import { wordsOf } from "../parts/latestRequest.ts";
import { LocalRows } from "../parts/pages.ts";
import type { ActiveRowEvent } from "../parts/rowGrid.ts";
import { baseStyles, controlStyles, noticeStyles } from "../parts/styles.ts";
import { banners } from "./banners.ts";
import { filterTerm } from "../../engine/protocol/runsFilter.ts";
import { type LineEvent, type SortEvent, keysOf, toggled } from "./grid.ts";
import "./grid.ts";
import { tableHeader } from "./header.ts";
import { lineKey, type TableLine } from "./groups.ts";
import type { RunsTableHost, RunsTableNews } from "./host.ts";
import { RowLoader } from "./loader.ts";
import type { MarksPane } from "./marksPane.ts";
import { noRows } from "./noRows.ts";
import type { BrushEvent, PickEvent } from "./plot.ts";
import "./plot.ts";
import { type ModelRow, RunRows } from "./rows.ts";
import { SavedLayouts } from "./savedLayouts.ts";
import { RowSelection } from "./selection.ts";
import { type ShownRows, StandingLines, nextSort, plotOf, shownRows } from "./shown.ts";
import { type Pane, SidePane, sidePane } from "./sidePane.ts";
import { runsTableStyles } from "./styles.ts";

/** Milliseconds after the last key before rows are filtered. */
const TYPING = 200;

/** All runs of the workspace in one table, and as plots. */
export class RunsTableView extends LitElement {
  static override readonly styles = [baseStyles, controlStyles, noticeStyles, choiceStyles, runsTableStyles];
  static override readonly properties = { revision: { state: true } };
  declare private revision: number;
  private connection: RunsTableHost | undefined;
  private loader: RowLoader | undefined;
  private readonly rows = new RunRows();
  private readonly selection = new RowSelection(this.rows, (folders) => void this.ask("followRuns", { folders }));
  private readonly side = new SidePane();
  private readonly typing = new Debounce(TYPING);
  private layout: TableLayout = FIRST_LAYOUT;
  private readonly layouts = new SavedLayouts({
    layout: () => this.layout,
    apply: (layout) => this.regroup(layout),
    ask: (...request) => this.ask(...request),
    named: () => this.onNaming(),
  });
  private shown: ShownRows | undefined;
  private readonly standing = new StandingLines();
  /** True if lines may stand elsewhere than the sort has them. */
  private isHeld = false;
  private pages = new LocalRows<TableLine>([]);
  private open: ReadonlySet<string> = new Set();
  private active = 0;
  /** Why the last wish was not granted. */
  private failure: string | undefined;
  private serviceProblem: string | null = null;

  constructor() {
    super();
    this.revision = 0;
  }

  set host(host: RunsTableHost) {
    this.connection = host;
    this.loader = new RowLoader(host, this.rows, () => this.renew());
  }

  /** Takes in a message of the extension. */
  hear(news: RunsTableNews): void {
    switch (news.kind) {
      case "show": {
        const { followsSelection, ...layout } = news.state;
        this.layout = layout;
        this.selection.followsSelection = followsSelection;
        this.takeBook(news.book);
        void this.loader?.load();
        break;
      }
      case "dashboard":
        this.selection.inDashboard = news.runs === null ? undefined : new Set(news.runs);
        break;
      case "book":
        this.takeBook(news.book);
        break;
      case "runs":
        this.loader?.news(news.changed, news.removed);
        break;
      case "service":
        this.serviceProblem = news.problem;
        if (news.problem === null) void this.loader?.load();
        break;
    }
    this.renew();
  }

  /** Rows have come by themselves: the reader stays at the line of before, wherever it stands now. */
  private renew(): void {
    const before = this.shown?.lines[this.active];
    this.isHeld = this.isRead;
    if (!this.isHeld) this.standing.reset();
    this.refresh();
    if (before === undefined) return;
    const at = this.now().lines.findIndex((line) => lineKey(line) === lineKey(before));
    if (at >= 0) this.active = at;
  }

  /** True while pointer or keyboard is at the rows or the pane beside them: then none moves. */
  private get isRead(): boolean {
    return this.renderRoot.querySelector("main")?.matches(":hover, :focus-within") === true;
  }

  private readonly onLeave = (): void => {
    // The element that is focused instead is so only after the event.
    setTimeout(() => {
      if (this.isHeld && !this.isRead) this.renew();
    });
  };

  private takeBook(book: LayoutBook): void {
    this.layouts.take(book);
    this.rows.setMarks(book.marks);
  }

  /** Rows or layout have changed. */
  private refresh(): void {
    this.shown = undefined;
    this.revision++;
  }

  private change(change: Partial<TableLayout>): void {
    this.layout = { ...this.layout, ...change };
    if ("sort" in change || "filter" in change || "groupBy" in change) this.standing.reset();
    this.keep();
    this.refresh();
  }

  private keep(): void {
    const { followsSelection } = this.selection;
    this.connection?.keep({ ...this.layout, ...(followsSelection !== undefined && { followsSelection }) });
  }

  private now(): ShownRows {
    if (this.shown === undefined) {
      this.shown = shownRows(this.rows, this.layout, this.open, this.standing);
      this.pages = new LocalRows(this.shown.lines);
    }
    return this.shown;
  }

  protected override render(): TemplateResult {
    const shown = this.now();
    const marked = this.markedRows();
    return html`${this.header(shown, marked)}
      ${banners({
        book: this.layouts.book,
        failure: this.failure,
        serviceProblem: this.serviceProblem,
        open: (place) => void this.ask("openPlace", place),
        dismiss: () => this.fail(undefined),
      })}
      <main @pointerleave=${this.onLeave} @focusout=${this.onLeave}>
        ${this.content(shown)}
        ${sidePane(this.side, {
          columns: this.layout.columns,
          rows: this.rows,
          marked,
          host: this,
          changeColumns: (columns) => this.change({ columns }),
          mark: (folder, change) => void this.ask("mark", { folder, ...change }),
          endRenaming: () => this.endRenaming(),
          close: (pane) => this.show(pane),
        })}
      </main>`;
  }

  private header(shown: ShownRows, marked: readonly ModelRow[]): TemplateResult {
    return tableHeader({
      ...{ shown, layout: this.layout, rows: this.rows, selection: this.selection, marked, pane: this.side.open },
      layouts: this.layouts,
      change: (change) => this.change(change),
      filter: this.onFilter,
      group: (groupBy) => this.regroup({ groupBy }),
      show: (pane) => this.show(pane),
      toggleFollowing: () => this.toggleFollowing(),
      clearSelection: () => this.select([]),
      openRuns: (folders) => void this.ask("openRuns", { folders }),
      promote: (arm) => void this.ask("promote", arm),
    });
  }

  private content(shown: ShownRows): TemplateResult {
    const { layout } = this;
    const notice = noRows(this.loader, this.rows, shown, () => this.change({ filter: "" }));
    if (notice !== undefined) return notice;
    if (layout.view !== "table") {
      return html`<salsa-runs-plot
        .view=${layout.view}
        .rows=${shown.rows}
        .items=${shown.items}
        .columns=${shown.columns}
        .plot=${plotOf(layout, shown.columns, this.rows.columns)}
        .palette=${this.rows.palette}
        .selected=${this.selection.keys}
        @pick=${({ keys }: PickEvent) => this.toggle(keys)}
        @brush=${this.onBrush}
      ></salsa-runs-plot>`;
    }
    return html`<salsa-runs-grid
      .pages=${this.pages}
      .revision=${this.revision}
      .active=${Math.min(this.active, shown.lines.length - 1)}
      .columns=${shown.columns}
      .sort=${layout.sort}
      .groupBy=${layout.groupBy}
      .selected=${this.selection.keys}
      .inDashboard=${this.selection.inDashboard}
      @active-row=${({ row }: ActiveRowEvent) => this.activate(row)}
      @sort=${({ column, isMore }: SortEvent) => this.change({ sort: nextSort(layout.sort, column, isMore) })}
      @mark-line=${({ index }: LineEvent) => this.toggleLine(index)}
      @toggle-group=${({ index }: LineEvent) => this.toggleGroup(index)}
      @dblclick=${() => this.openActive()}
      @keydown=${this.onKey}
    ></salsa-runs-grid>`;
  }

  private show(pane: Pane): void {
    this.side.toggle(pane);
    this.revision++;
  }

  private readonly onFilter = (event: Event): void => {
    const { value } = event.target as HTMLInputElement;
    this.typing.run(() => this.change({ filter: value }));
  };

  private readonly onBrush = ({ column, from, to }: BrushEvent): void => {
    const terms = [this.layout.filter, filterTerm(column, ">=", from), filterTerm(column, "<=", to)];
    this.change({ filter: terms.filter((term) => term !== "").join(" ") });
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.altKey) return;
    const line = this.now().lines[this.active];
    if (event.key === " ") this.toggleLine(this.active);
    else if (event.key === "Enter" && line?.kind === "group") this.toggleGroup(this.active);
    else if (event.key === "Enter") this.openActive();
    else if (event.key === "F2") this.rename();
    else if (event.key === "a" && (event.ctrlKey || event.metaKey)) this.select(this.now().rows.map(({ key }) => key));
    else if (event.key === "Escape" && this.selection.keys.size > 0) this.select([]);
    else return;
    event.preventDefault();
  };

  /** Lets the run of the line that keys move to be renamed, in the pane beside the table. */
  private rename(): void {
    if (!this.side.rename(this.activeRows())) return;
    this.revision++;
    void this.updateComplete.then(() => this.renderRoot.querySelector<MarksPane>("salsa-marks-pane")?.editName());
  }

  private endRenaming(): void {
    this.side.renamed = undefined;
    this.revision++;
    this.renderRoot.querySelector<HTMLElement>("salsa-runs-grid")?.focus();
  }

  private activate(row: number): void {
    this.active = row;
    this.side.renamed = undefined;
    this.revision++;
  }

  private openActive(): void {
    const line = this.now().lines[this.active];
    if (line?.kind === "row") void this.ask("openRuns", { folders: [line.row.folder] });
  }

  private toggleLine(index: number): void {
    const line = this.now().lines[index];
    if (line !== undefined) this.toggle(keysOf(line));
  }

  private toggleGroup(index: number): void {
    const line = this.now().lines[index];
    if (line?.kind !== "group") return;
    this.open = toggled(this.open, [line.group.key]);
    this.active = index;
    this.refresh();
  }

  private toggle(keys: readonly string[]): void {
    this.select(toggled(this.selection.keys, keys));
  }

  private select(keys: Iterable<string>): void {
    this.selection.select(keys);
    this.side.renamed = undefined;
    this.revision++;
  }

  private toggleFollowing(): void {
    this.selection.toggleFollowing();
    this.keep();
    this.revision++;
  }

  /** The selected rows, else those of the line that keys move to. */
  private markedRows(): readonly ModelRow[] {
    const { keys } = this.selection;
    if (keys.size > 0) return this.rows.rows.filter(({ key }) => keys.has(key));
    return this.layout.view === "table" ? this.activeRows() : [];
  }

  private activeRows(): readonly ModelRow[] {
    const line = this.now().lines[this.active];
    return line === undefined ? [] : line.kind === "row" ? [line.row] : line.group.rows;
  }

  /** Other groups, all of them closed. */
  private regroup(change: Partial<TableLayout>): void {
    this.open = new Set();
    this.active = 0;
    this.change(change);
  }

  private onNaming(): void {
    this.revision++;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(".name-field")?.focus());
  }

  private fail(failure: string | undefined): void {
    this.failure = failure;
    this.revision++;
  }

  private async ask(...[method, params]: Parameters<RunsTableHost["request"]>): Promise<boolean> {
    this.fail(undefined);
    try {
      await this.connection?.request(method, params);
      return true;
    } catch (error) {
      this.fail(wordsOf(error));
      return false;
    }
  }
}

customElements.define("salsa-runs-table", RunsTableView);
