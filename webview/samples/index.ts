import { html, nothing, type TemplateResult } from "lit";
import type { DashboardFocus } from "../../engine/protocol/dashboard.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import type { SamplePage, SampleQuery } from "../../engine/protocol/samples.ts";
import { DashboardElement } from "../element.ts";
import { t } from "../localize.ts";
import { Debounce } from "../parts/debounce.ts";
import { emptyNotice, failedNotice, loadingNotice } from "../parts/notice.ts";
import type { SplitEvent } from "../parts/splitter.ts";
import { baseStyles, controlStyles, noticeStyles } from "../parts/styles.ts";
import { styled } from "../parts/styled.ts";
import { Remembered } from "../remembered.ts";
import { titleOfRun } from "../shell/runList.ts";
import { acrossRuns, isOfTestPrompts } from "./acrossRuns.ts";
import { SampleColumns } from "./columns.ts";
import type { DetailEvent } from "./detail.ts";
import { type Density, NO_FILTER, sampleQuery } from "./filter.ts";
import type { FilterEvent } from "./filterBar.ts";
import type { SampleGrid } from "./grid.ts";
import { NewRows } from "./newRows.ts";
import { Pages } from "../parts/pages.ts";
import type { ActiveRowEvent } from "../parts/rowGrid.ts";
import { patiently } from "./patiently.ts";
import { rowOfPlace, type SamplePlace } from "./place.ts";
import type { StepMarkEvent } from "./stepRange.ts";
import { type Setup, START } from "./setup.ts";
import { noSamples, noTestPrompts, readingText, samplesStatus } from "./samplesStatus.ts";
import { samplesStyles } from "./samplesStyles.ts";
import "../parts/splitter.ts";
import "./detail.ts";
import "./filterBar.ts";
import "./grid.ts";

/** Remembered over reloads: how high rows are, and the share of the height that an open sample has. */
const DENSITY = "samples.density";
const SHARE = "samples.share";
/** Milliseconds after the last movement before the active row is remembered. */
const MOVING = 200;

/** Prompts with the responses of every arm or model side by side. */
export class SamplesView extends DashboardElement {
  static override readonly styles = [baseStyles, noticeStyles, controlStyles, samplesStyles];
  static override readonly properties = { ...DashboardElement.properties, revision: { state: true } };
  declare private revision: number;
  private readonly setups = new Remembered("samples.setup", START);
  private readonly moving = new Debounce(MOVING);
  /** Pages in view. */
  private pages: Pages | undefined;
  /** Pages that replace `pages` once their first page is loaded; until then, the old ones stay in view. */
  private coming: Pages | undefined;
  /** Row to start with once `coming` is loaded. */
  private target = 0;
  /** Row that is to be the first in view then, if it is not that one. */
  private top: number | undefined;
  /** Row that the grid is to be moved to after the next update. */
  private jump: number | undefined;
  /** Share of a long run's samples that is read, while rows wait for that. */
  private progress: number | undefined;
  private newRows: NewRows | undefined;
  private allColumns: readonly string[] = [];
  private readonly columns = new SampleColumns();
  private pagesKey = "";
  private rowsKey = "";
  private shownFolder = "";
  private place: DashboardFocus["place"];

  constructor() {
    super();
    this.revision = 0;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.newRows?.stop();
    this.giveUp();
  }

  protected override willUpdate(): void {
    const { folder } = this;
    if (this.hidden && this.coming !== undefined) this.giveUp();
    if (folder === undefined || this.hidden) return;
    if (folder !== this.shownFolder) this.leave(folder);
    if (this.coming?.head !== undefined) this.arrive(this.coming);
    this.allColumns = this.pages?.head?.allColumns ?? this.allColumns;
    const query = sampleQuery(folder, this.setup.filter, this.allColumns);
    const key = JSON.stringify([query, this.others, this.setup.filter.hidden]);
    if (key !== this.pagesKey) this.open(key, query);
    const outline = this.model.outline(folder);
    if (outline !== undefined) this.newRows?.notice(outline);
    this.columns.describe(this.allColumns, this.setup.filter.source, outline, (other) => titleOfRun(this.model, other));
    void this.goToPlace(folder);
  }

  protected override updated(): void {
    if (this.jump === undefined || this.grid === null) return;
    this.grid.jumpTo(this.jump);
    this.jump = undefined;
  }

  /** Clears the view when the run changes. */
  private leave(folder: string): void {
    this.shownFolder = folder;
    this.pages = undefined;
    this.coming = undefined;
    this.allColumns = [];
    this.pagesKey = "";
  }

  private open(key: string, query: ReturnType<typeof sampleQuery>): void {
    const { host } = this.model;
    const { others } = this;
    const { hidden } = this.setup.filter;
    this.progress = undefined;
    const waiting = {
      isWanted: (): boolean => this.isConnected && (pages === this.coming || pages === this.pages),
      heard: (progress: number | undefined): void => this.hear(progress),
    };
    const ask = (asked: SampleQuery): Promise<SamplePage> =>
      patiently((one) => host.request("samples", one), asked, waiting);
    const source = async (window: { offset: number; limit: number }): Promise<SamplePage> => {
      const page = await ask({ ...query, ...window });
      if (!isOfTestPrompts(query.source)) return page;
      return acrossRuns({ page, others, hidden, ask }, query.source);
    };
    this.pagesKey = key;
    this.newRows?.stop();
    const pages = new Pages(source, () => this.revision++);
    this.newRows = new NewRows(source, pages, query.order === undefined, () => this.onNewRows());
    this.coming = pages;
    // Columns that come or go leave the rows as they are.
    const rowsKey = JSON.stringify({ ...query, columns: undefined });
    this.target = this.pages === undefined || rowsKey === this.rowsKey ? this.setup.active : 0;
    this.rowsKey = rowsKey;
    this.top = this.pages === undefined ? this.setup.top : undefined;
    pages.want(0, 0, false);
  }

  /** Lets go of pages that are still to come: they are asked for again when the view is shown again. */
  private giveUp(): void {
    this.coming = undefined;
    this.pagesKey = "";
  }

  private hear(progress: number | undefined): void {
    if (progress === this.progress) return;
    this.progress = progress;
    this.revision++;
  }

  private arrive(pages: Pages): void {
    this.pages = pages;
    this.coming = undefined;
    const row = Math.max(0, Math.min(this.target, (pages.head?.total ?? 1) - 1));
    this.set({ active: row });
    this.jump = this.top ?? row;
  }

  private onNewRows(): void {
    this.revision++;
    if (this.grid?.isAtEnd === true && this.newRows?.isAppending === true) this.goToNew();
  }

  protected override render(): TemplateResult {
    const { folder, pages } = this;
    if (folder === undefined) return emptyNotice({ icon: "list-selection", title: t("No run is chosen") });
    const outline = this.model.outline(folder);
    const { filter } = this.setup;
    const lacking = noTestPrompts(filter, outline);
    return html`<salsa-sample-filter
        .filter=${filter}
        .density=${this.density}
        .outline=${outline}
        .head=${pages?.head}
        .allColumns=${lacking === undefined ? this.columns.all : []}
        @filter=${this.onFilter}
        @step-mark=${({ step, stage }: StepMarkEvent) => void this.goTo(folder, { step, stage })}
      ></salsa-sample-filter>
      ${lacking ?? this.content(pages, outline)}`;
  }

  private content(pages: Pages | undefined, outline: RunOutline | undefined): TemplateResult {
    if (pages?.head === undefined) {
      const { coming } = this;
      if (coming?.problem === undefined) return loadingNotice(readingText(this.progress));
      return failedNotice(t("The samples could not be read"), coming.problem, () => coming.retry());
    }
    const { filter } = this.setup;
    if (pages.head.total === 0) {
      const clear = { ...filter, text: "", from: undefined, to: undefined, isUnended: false, isRepeated: false };
      return noSamples(filter, outline, () => this.set({ filter: clear }));
    }
    const { active, isOpen } = this.setup;
    const share = this.model.setting(SHARE, 0.45);
    const row = isOpen ? pages.row(active) : undefined;
    return html`${samplesStatus({
        head: pages.head,
        filter,
        nNew: this.newRows?.count ?? 0,
        progress: this.progress,
        problem: (this.coming ?? pages).problem,
        goToNew: () => this.goToNew(),
        retry: () => (this.coming ?? pages).retry(),
      })}
      <div
        class="panes"
        aria-busy=${this.coming === undefined ? "false" : "true"}
        ${styled({ "--share": String(share) })}
      >
        ${this.list(pages)}
        ${
          row === undefined
            ? nothing
            : html`<salsa-splitter
                  .share=${share}
                  .label=${t("Height of the open sample")}
                  @split=${({ share: chosen }: SplitEvent) => this.model.set(SHARE, chosen)}
                ></salsa-splitter>
                <salsa-sample-detail
                  .model=${this.model}
                  .folder=${this.folder}
                  .row=${row}
                  .runs=${this.model.focus.runs}
                  .source=${filter.source}
                  .columns=${this.columns.of(pages.head.columns)}
                  .search=${this.setup.filter.text.trim()}
                  .index=${active}
                  .total=${pages.head.total}
                  @detail=${this.onDetail}
                ></salsa-sample-detail>`
        }
      </div>`;
  }

  private list(pages: Pages): TemplateResult {
    const { filter, active } = this.setup;
    const { view, place } = this.model.focus;
    return html`<salsa-sample-grid
      .pages=${pages}
      .revision=${this.revision}
      .columns=${this.columns.of(pages.head?.columns ?? [])}
      .hasSteps=${filter.source.kind === "rollouts"}
      .place=${view === "samples" ? place?.stage : undefined}
      .density=${this.density}
      .search=${filter.text.trim()}
      .active=${active}
      @active-row=${this.onActive}
      @rest=${({ target }: Event) => this.move({ top: (target as SampleGrid).firstInView })}
    ></salsa-sample-grid>`;
  }

  private goToNew(): void {
    const { newRows } = this;
    if (newRows === undefined) return;
    const first = newRows.take();
    if (newRows.isAppending) this.jump = first;
    else {
      // They begin at the top.
      this.pagesKey = "";
      this.rowsKey = "";
    }
    this.requestUpdate();
  }

  /** A place is gone to once, also over reloads; later on, the reader scrolls. */
  private async goToPlace(folder: string): Promise<void> {
    const { view, place } = this.model.focus;
    if (view !== "samples" || place === undefined || place === this.place) return;
    const key = `${place.stage} ${place.step}`;
    const isBack = this.place === undefined && key === this.setup.place;
    this.place = place;
    if (isBack) return;
    this.set({ place: key });
    await this.goTo(folder, place);
  }

  private async goTo(folder: string, place: SamplePlace): Promise<void> {
    this.set({ filter: NO_FILTER });
    const { host } = this.model;
    const waiting = {
      isWanted: (): boolean => this.isConnected && !this.hidden && folder === this.folder,
      heard: (progress: number | undefined): void => this.hear(progress),
    };
    const ask = (query: SampleQuery): Promise<SamplePage> => host.request("samples", query);
    const row = await rowOfPlace((query) => patiently(ask, { folder, ...query }, waiting), place).catch(() => 0);
    if (folder !== this.folder) return;
    if (this.hidden) {
      this.place = undefined; // it is gone to when the view is shown again
      this.set({ place: "" });
      return;
    }
    if (this.coming !== undefined) [this.target, this.top] = [row, undefined];
    else {
      this.set({ active: row });
      this.jump = row;
    }
  }

  private readonly onFilter = ({ filter, density }: FilterEvent): void => {
    if (filter !== undefined) this.set({ filter });
    if (density !== undefined) this.model.set(DENSITY, density);
  };

  private readonly onActive = ({ row, isOpened }: ActiveRowEvent): void => {
    if (isOpened) this.set({ active: row, isOpen: true });
    else this.move({ active: row });
  };

  private readonly onDetail = ({ wish }: DetailEvent): void => {
    const { active } = this.setup;
    const last = (this.pages?.head?.total ?? 1) - 1;
    if (wish === "close") {
      this.set({ isOpen: false });
      this.grid?.focus();
    } else this.grid?.moveTo(Math.max(0, Math.min(last, active + (wish === "next" ? 1 : -1))));
  };

  private move(change: Partial<Setup>): void {
    const { model, folder = "" } = this;
    this.setups.move(model, folder, change);
    this.moving.run(() => this.setups.keep(model, folder));
    this.requestUpdate();
  }

  private get setup(): Setup {
    return this.setups.of(this.model, this.folder ?? "");
  }

  private set(change: Partial<Setup>): void {
    this.setups.set(this.model, this.folder ?? "", change);
    this.requestUpdate();
  }

  private get density(): Density {
    return this.model.setting(DENSITY, "comfortable") as Density;
  }

  private get folder(): string | undefined {
    return this.model.focus.runs[0];
  }

  /** Runs whose answers to test prompts stand beside those of the first one. */
  private get others(): readonly string[] {
    return isOfTestPrompts(this.setup.filter.source) ? this.model.focus.runs.slice(1) : [];
  }

  private get grid(): SampleGrid | null {
    return this.renderRoot.querySelector("salsa-sample-grid");
  }
}

customElements.define("salsa-samples", SamplesView);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-samples": SamplesView;
  }
}
