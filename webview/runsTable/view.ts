import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import "@vscode-elements/elements/dist/vscode-textfield/index.js";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { FIRST_LAYOUT, type LayoutBook, type TableLayout } from "../../engine/protocol/runsLayout.ts";
import { t } from "../localize.ts";
import { choiceStyles } from "../parts/choice.ts";
import { Debounce } from "../parts/debounce.ts";
import { whole } from "../parts/format.ts";
import { isLoaded } from "../parts/lazily.ts";
import { wordsOf } from "../parts/latestRequest.ts";
import { emptyNotice, failedNotice, loadingNotice } from "../parts/notice.ts";
import { LocalRows } from "../parts/pages.ts";
import type { ActiveRowEvent } from "../parts/rowGrid.ts";
import { baseStyles, controlStyles, noticeStyles } from "../parts/styles.ts";
import type { ColumnsEvent } from "./columnList.ts";
import { filterTerm } from "../../engine/protocol/runsFilter.ts";
import { type LineEvent, type SortEvent, keysOf, toggled } from "./grid.ts";
import "./grid.ts";
import { lineKey, type TableLine } from "./groups.ts";
import type { RunsTableHost, RunsTableNews } from "./host.ts";
import { RowLoader } from "./loader.ts";
import type { MarkEvent, MarkedRun, MarksPane } from "./marksPane.ts";
import "./marksPane.ts";
import type { BrushEvent, PickEvent } from "./plot.ts";
import "./plot.ts";
import { type ModelRow, RunRows, runLabel, valueOf } from "./rows.ts";
import { type ShownRows, StandingLines, nextSort, plotOf, shownRows } from "./shown.ts";
import { runsTableStyles } from "./styles.ts";
import { groupChoices, layoutBar, plotChoices, viewChoice } from "./toolbar.ts";

/** Milliseconds after the last key before rows are filtered. */
const TYPING = 200;
/** Milliseconds after the last change of the selection before the dashboard follows. */
const SELECTING = 150;
/** Runs that the dashboard follows at most: it can tell so many curves apart. */
const MOST_FOLLOWED = 30;

/** All runs of the workspace in one table, and as plots. */
export class RunsTableView extends LitElement {
  static override readonly styles = [baseStyles, controlStyles, noticeStyles, choiceStyles, runsTableStyles];
  static override readonly properties = { revision: { state: true } };
  declare private revision: number;
  private connection: RunsTableHost | undefined;
  private loader: RowLoader | undefined;
  private readonly rows = new RunRows();
  private readonly selecting = new Debounce(SELECTING);
  private readonly typing = new Debounce(TYPING);
  private layout: TableLayout = FIRST_LAYOUT;
  private book: LayoutBook = { layouts: [], marks: {}, problems: [] };
  /** Name of the layout that was chosen last; empty for none. */
  private chosen = "";
  private shown: ShownRows | undefined;
  private readonly standing = new StandingLines();
  /** True if lines may stand elsewhere than the sort has them. */
  private isHeld = false;
  private pages = new LocalRows<TableLine>([]);
  private selected: ReadonlySet<string> = new Set();
  private open: ReadonlySet<string> = new Set();
  private active = 0;
  private pane: "columns" | "marks" | undefined;
  /** The run that is being renamed, whichever are selected. */
  private renamed: ModelRow | undefined;
  /** Folders of the runs that the dashboard shows; undefined while none is open. */
  private inDashboard: ReadonlySet<string> | undefined;
  /** Undefined until somebody chooses. */
  private followsSelection: boolean | undefined;
  private isNaming = false;
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
        this.followsSelection = followsSelection;
        this.takeBook(news.book);
        void this.loader?.load();
        break;
      }
      case "dashboard":
        this.inDashboard = news.runs === null ? undefined : new Set(news.runs);
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
    this.book = book;
    this.rows.setMarks(book.marks);
    if (!book.layouts.some(({ name }) => name === this.chosen)) this.chosen = "";
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
    const { followsSelection } = this;
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
    return html`${this.header(shown)} ${this.banners()}
      <main @pointerleave=${this.onLeave} @focusout=${this.onLeave}>${this.content(shown)} ${this.side()}</main>`;
  }

  private header(shown: ShownRows): TemplateResult {
    const { layout } = this;
    return html`<header>
      <div class="toolbar">
        <h1>${t("Runs")}</h1>
        ${layoutBar({
          book: this.book,
          chosen: this.chosen,
          isNaming: this.isNaming,
          choose: (name) => this.choose(name),
          save: (name) => void this.save(name),
          startNaming: () => this.startNaming(),
          endNaming: () => {
            this.isNaming = false;
            this.revision++;
          },
          remove: () => void this.removeLayout(),
        })}
        <span class="spacer"></span>
        ${viewChoice(layout.view, (view) => this.change({ view }))}
      </div>
      <div class="toolbar" role="search">
        <vscode-textfield
          class="filter"
          label=${t("Filter")}
          placeholder=${t("Filter: salsa beta>0.1 tag=good")}
          title=${FILTER_HELP()}
          .value=${layout.filter}
          @input=${this.onFilter}
        >
          <vscode-icon slot="content-before" name="filter"></vscode-icon>
        </vscode-textfield>
        ${groupChoices(layout.groupBy, shown.columns, (groupBy) => {
          this.open = new Set();
          this.active = 0;
          this.change({ groupBy });
        })}
        ${plotChoices(layout.view, plotOf(layout, shown.columns, this.rows.columns), shown.columns, (plot) => this.change({ plot }))}
        <vscode-button
          secondary
          icon="list-flat"
          aria-pressed=${this.pane === "columns"}
          @click=${() => this.show("columns")}
          >${t("Columns")}</vscode-button
        >
        <vscode-button secondary icon="tag" aria-pressed=${this.pane === "marks"} @click=${() => this.show("marks")}
          >${t("Name, Tags and Note")}</vscode-button
        >
        <button
          class="chip"
          aria-pressed=${this.isFollowed ? "true" : "false"}
          title=${t("Shows the runs that you select in the dashboard, while one is open")}
          @click=${() => this.toggleFollowing()}
        >
          ${t("Follow Selection")}
        </button>
      </div>
      ${this.status(shown)}
    </header>`;
  }

  private status({ rows, lines, problem }: ShownRows): TemplateResult {
    const marked = this.markedRows();
    const folders = [...new Set(marked.map(({ folder }) => folder))];
    const [only] = marked;
    const canPromote = marked.length === 1 && only?.model !== undefined && valueOf(only, "model.kind") === "arm";
    const counts =
      this.layout.groupBy.length === 0
        ? t("{0} of {1} rows, {2} runs", whole(rows.length), whole(this.rows.rows.length), whole(this.rows.nRuns))
        : t("{0} groups of {1} rows", whole(lines.filter(({ kind }) => kind === "group").length), whole(rows.length));
    return html`<div class="status">
      <span role="status"
        >${counts}${this.selected.size === 0 ? "" : ` · ${t("{0} selected", whole(this.selected.size))}`}</span
      >
      ${
        this.isFollowed && this.inDashboard !== undefined && folders.length > MOST_FOLLOWED
          ? html`<span>${t("The dashboard follows up to {0} runs", MOST_FOLLOWED)}</span>`
          : nothing
      }
      ${problem === undefined ? nothing : html`<span class="problem" role="alert">${problem}</span>`}
      ${
        folders.length === 0
          ? nothing
          : html`<vscode-button
              secondary
              icon=${folders.length === 1 ? "dashboard" : "compare-changes"}
              @click=${() => void this.ask("openRuns", { folders })}
              >${folders.length === 1 ? t("Open Run") : t("Compare {0} Runs", folders.length)}</vscode-button
            >`
      }
      ${
        canPromote
          ? html`<vscode-button secondary icon="new-file" @click=${() => this.promote(only)}
              >${t("Promote to Config...")}</vscode-button
            >`
          : nothing
      }
      ${
        this.selected.size === 0
          ? nothing
          : html`<button class="link" @click=${() => this.select([])}>${t("Clear selection")}</button>`
      }
    </div>`;
  }

  private banners(): TemplateResult {
    const { failure, serviceProblem } = this;
    return html`${this.book.problems.map(
      ({ file, line, message }) =>
        html`<div class="banner" role="alert">
          <vscode-icon name="warning"></vscode-icon>
          <span>${t("Layouts, tags and notes of a file are not used: {0}:{1} {2}", file, line, message)}</span>
          <button class="link" @click=${() => void this.ask("openPlace", { file, line })}>${t("Open")}</button>
        </div>`,
    )}
    ${
      failure === undefined
        ? nothing
        : html`<div class="banner" role="alert">
            <vscode-icon name="error"></vscode-icon><span>${failure}</span>
            <button class="link" @click=${() => this.fail(undefined)}>${t("Dismiss")}</button>
          </div>`
    }
    ${
      serviceProblem === null
        ? nothing
        : html`<div class="banner" role="alert">
            <vscode-icon name="error"></vscode-icon><span>${serviceProblem}</span>
          </div>`
    }`;
  }

  private content(shown: ShownRows): TemplateResult {
    const { loader, layout } = this;
    if (loader?.problem !== undefined) {
      return failedNotice(t("The runs cannot be shown"), loader.problem, () => void loader.load());
    }
    const isEmpty = this.rows.nRuns === 0;
    if (loader?.isLoaded !== true || (isEmpty && !loader.isSearched)) return loadingNotice(t("Reading runs…"));
    if (isEmpty) {
      return emptyNotice({
        icon: "beaker",
        title: t("No runs yet"),
        text: t("Runs of every config in this workspace are listed here, as soon as there are some."),
      });
    }
    if (shown.lines.length === 0) {
      const reset = { label: t("Clear Filter"), icon: "clear-all", run: () => this.change({ filter: "" }) };
      return emptyNotice({ icon: "filter", title: t("No row fits the filter"), actions: [reset] });
    }
    if (layout.view !== "table") {
      return html`<salsa-runs-plot
        .view=${layout.view}
        .rows=${shown.rows}
        .items=${shown.items}
        .columns=${shown.columns}
        .plot=${plotOf(layout, shown.columns, this.rows.columns)}
        .palette=${this.rows.palette}
        .selected=${this.selected}
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
      .selected=${this.selected}
      .inDashboard=${this.inDashboard}
      @active-row=${({ row }: ActiveRowEvent) => this.activate(row)}
      @sort=${({ column, isMore }: SortEvent) => this.change({ sort: nextSort(layout.sort, column, isMore) })}
      @mark-line=${({ index }: LineEvent) => this.toggleLine(index)}
      @toggle-group=${({ index }: LineEvent) => this.toggleGroup(index)}
      @dblclick=${() => this.openActive()}
      @keydown=${this.onKey}
    ></salsa-runs-grid>`;
  }

  private side(): TemplateResult | typeof nothing {
    if (this.pane === undefined) return nothing;
    const isColumns = this.pane === "columns";
    // Loaded when it is first opened: the table is there sooner.
    if (isColumns) isLoaded("salsa-column-list", () => import("./columnList.ts"), this);
    return html`<aside aria-label=${isColumns ? t("Columns") : t("Name, Tags and Note")}>
      <header>
        <h2>${isColumns ? t("Columns") : t("Name, Tags and Note")}</h2>
        <vscode-button secondary icon="close" aria-label=${t("Close")} @click=${() => this.show(undefined)}
          >${t("Close")}</vscode-button
        >
      </header>
      ${
        isColumns
          ? html`<salsa-column-list
              .columns=${this.layout.columns}
              .known=${this.rows.columns}
              .meanings=${this.rows.meanings}
              @columns=${({ columns }: ColumnsEvent) => this.change({ columns })}
            ></salsa-column-list>`
          : html`<salsa-marks-pane
              .runs=${this.markedRuns()}
              .used=${[...new Set(this.rows.rows.flatMap(({ tags }) => tags))].sort()}
              @named=${() => this.endRenaming()}
              @mark=${({ folder, change }: MarkEvent) => void this.ask("mark", { folder, ...change })}
            ></salsa-marks-pane>`
      }
    </aside>`;
  }

  private show(pane: RunsTableView["pane"]): void {
    this.pane = this.pane === pane ? undefined : pane;
    this.renamed = undefined;
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
    else if (event.key === "Escape" && this.selected.size > 0) this.select([]);
    else return;
    event.preventDefault();
  };

  /** Lets the run of the line that keys move to be renamed, in the pane beside the table. */
  private rename(): void {
    const [first, ...others] = this.activeRows();
    if (first === undefined || others.some(({ folder }) => folder !== first.folder)) return;
    this.pane = "marks";
    this.renamed = first;
    this.revision++;
    void this.updateComplete.then(() => this.renderRoot.querySelector<MarksPane>("salsa-marks-pane")?.editName());
  }

  private endRenaming(): void {
    this.renamed = undefined;
    this.revision++;
    this.renderRoot.querySelector<HTMLElement>("salsa-runs-grid")?.focus();
  }

  private activate(row: number): void {
    this.active = row;
    this.renamed = undefined;
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
    this.select(toggled(this.selected, keys));
  }

  private select(keys: Iterable<string>): void {
    this.selected = new Set(keys);
    this.renamed = undefined;
    this.selecting.run(() => this.follow());
    this.revision++;
  }

  private get isFollowed(): boolean {
    return this.followsSelection ?? this.inDashboard !== undefined;
  }

  private toggleFollowing(): void {
    this.followsSelection = !this.isFollowed;
    this.keep();
    this.selecting.cancel();
    this.follow();
    this.revision++;
  }

  /** Lets an open dashboard show the selected runs; with none selected it stays as it is. */
  private follow(): void {
    const { inDashboard } = this;
    const folders = this.selectedFolders();
    if (!this.isFollowed || inDashboard === undefined || folders.length === 0 || folders.length > MOST_FOLLOWED) return;
    if (folders.join("\0") !== [...inDashboard].join("\0")) void this.ask("followRuns", { folders });
  }

  /** The run that was selected first comes first: it is the one that views of a single run show. */
  private selectedFolders(): readonly string[] {
    const folders = new Map(this.rows.rows.map(({ key, folder }) => [key, folder]));
    return [...new Set([...this.selected].flatMap((key) => folders.get(key) ?? []))];
  }

  /** The selected rows, else those of the line that keys move to. */
  private markedRows(): readonly ModelRow[] {
    if (this.selected.size > 0) return this.rows.rows.filter(({ key }) => this.selected.has(key));
    return this.layout.view === "table" ? this.activeRows() : [];
  }

  private activeRows(): readonly ModelRow[] {
    const line = this.now().lines[this.active];
    return line === undefined ? [] : line.kind === "row" ? [line.row] : line.group.rows;
  }

  private markedRuns(): readonly MarkedRun[] {
    const rows = this.renamed === undefined ? this.markedRows() : [this.renamed];
    const titles = new Map(rows.map((row) => [row.folder, runLabel(row)] as const));
    return Array.from(titles, ([folder, title]) => ({ folder, title, marks: this.rows.marksOf(folder) }));
  }

  private choose(name: string): void {
    this.chosen = name;
    const found = this.book.layouts.find((one) => one.name === name);
    const { name: _name, ...layout } = found ?? { name, ...FIRST_LAYOUT };
    this.open = new Set();
    this.active = 0;
    this.change(layout);
  }

  private startNaming(): void {
    this.isNaming = true;
    this.revision++;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(".name-field")?.focus());
  }

  private async save(name: string): Promise<void> {
    this.isNaming = false;
    this.chosen = name;
    if (!(await this.ask("saveLayout", { name, ...this.layout }))) this.chosen = "";
    this.revision++;
  }

  private async removeLayout(): Promise<void> {
    const name = this.chosen;
    if (name !== "") await this.ask("deleteLayout", { name });
  }

  private promote({ folder, model = "", ...row }: ModelRow): void {
    const beta = valueOf({ folder, model, ...row }, "model.beta");
    void this.ask("promote", { folder, arm: model, ...(typeof beta === "number" && { beta }) });
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

/** Translated when it is shown. */
const FILTER_HELP = (): string =>
  t(
    'Words are searched for in run, display name, model, status, config, tags and note. Columns are compared by =, !=, <, <=, >, >= and : (contains): beta>=0.1 kl<5 kind=arm tag="good, really" -status=failed createdAt>2026-11-01 winRate/inDistribution/ppo>55%. A column goes by its id or the end of it.',
  );

customElements.define("salsa-runs-table", RunsTableView);
