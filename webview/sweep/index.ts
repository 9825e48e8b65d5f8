import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { html, nothing, type TemplateResult } from "lit";
import type { TableLayout } from "../../engine/protocol/runsLayout.ts";
import type { TableRows } from "../../engine/protocol/runsTable.ts";
import { DashboardElement } from "../element.ts";
import { t } from "../localize.ts";
import { choice, choiceStyles } from "../parts/choice.ts";
import { LatestRequest } from "../parts/latestRequest.ts";
import { emptyNotice, failedNotice, loadingNotice } from "../parts/notice.ts";
import { LocalRows } from "../parts/pages.ts";
import type { ActiveRowEvent } from "../parts/rowGrid.ts";
import { baseStyles, controlStyles, noticeStyles } from "../parts/styles.ts";
import { Remembered } from "../remembered.ts";
import { spreadText } from "../runsTable/cells.ts";
import type { ColumnsEvent } from "../runsTable/columnList.ts";
import "../runsTable/columnList.ts";
import { describeColumn } from "../runsTable/columns.ts";
import { filterTerm } from "../../engine/protocol/runsFilter.ts";
import { type LineEvent, type SortEvent, keysOf, toggled } from "../runsTable/grid.ts";
import "../runsTable/grid.ts";
import type { TableLine } from "../runsTable/groups.ts";
import type { BrushEvent, PickEvent } from "../runsTable/plot.ts";
import "../runsTable/plot.ts";
import { RunRows } from "../runsTable/rows.ts";
import { type ShownRows, nextSort, plotOf, shownRows } from "../runsTable/shown.ts";
import { plotChoices, viewChoice } from "../runsTable/toolbar.ts";
import { type SweptArm, combinationRows, sweptArmsOf } from "./combinations.ts";
import {
  FIRST_SETUP,
  type BestCombination,
  type SweepSetup,
  bestOf,
  betaOf,
  betterColumns,
  layoutOf,
} from "./setup.ts";
import { sweepStyles } from "./styles.ts";

/** A grid as it is written in a config. */
const EXAMPLE = '"beta": { "grid": [0.01, 0.05, 0.2] }';

/** A run's sweep as it is shown. */
interface ShownSweep {
  readonly folder: string;
  readonly arm: SweptArm;
  readonly arms: readonly SweptArm[];
  readonly rows: RunRows;
  /** Result that combinations are compared by; empty before there is one. */
  readonly by: string;
  readonly layout: TableLayout;
  readonly shown: ShownRows;
  readonly lines: LocalRows<TableLine>;
}

/** The combinations of a run's grids: as a table, as parallel coordinates, as a heat map of two axes; the best as a config. */
export class SweepView extends DashboardElement {
  static override readonly styles = [baseStyles, controlStyles, noticeStyles, choiceStyles, sweepStyles];
  private readonly setups = new Remembered("sweep.setup", FIRST_SETUP);
  private readonly asked = new LatestRequest<{ readonly folder: string; readonly rows: TableRows }>(this);
  private selected: ReadonlySet<string> = new Set();
  private open: ReadonlySet<string> = new Set();
  private active = 0;
  private hasPane = false;
  private made: { readonly of: readonly unknown[]; readonly sweep: ShownSweep | undefined } | undefined;
  private revision = 0;

  protected override render(): TemplateResult {
    const [folder] = this.model.focus.runs;
    if (folder === undefined) return emptyNotice({ icon: "list-selection", title: t("No run is chosen") });
    const { value, problem } = this.ask(folder);
    if (problem !== undefined) {
      return failedNotice(t("The sweep cannot be shown"), problem, () => this.asked.retry());
    }
    if (value === undefined) return loadingNotice(t("Reading combinations…"));
    const sweep = this.sweep(value);
    return sweep === undefined ? this.noGrid() : html`${this.bar(sweep)} ${this.best(sweep)} ${this.panes(sweep)}`;
  }

  /** Asks again when stages have been finished or tables written. */
  private ask(folder: string): LatestRequest<{ readonly folder: string; readonly rows: TableRows }>["answer"] {
    const outline = this.model.outline(folder);
    const statuses = outline?.stages.map(({ status }) => status).join() ?? "";
    const key = JSON.stringify([folder, outline?.status, statuses, outline?.tables.length]);
    const ask = async (): Promise<{ readonly folder: string; readonly rows: TableRows }> => ({
      folder,
      rows: await this.model.host.request("tableRows", { folders: [folder] }),
    });
    return this.asked.ask(key, ask, { keepsLast: this.asked.answer.value?.folder === folder });
  }

  /** The sweep as it is shown; the same object until rows or choices change. */
  private sweep(value: { readonly folder: string; readonly rows: TableRows }): ShownSweep | undefined {
    const { folder } = value;
    const setup = this.setups.of(this.model, folder);
    const of = [value.rows, setup, this.open];
    if (this.made?.of.every((one, at) => one === of[at]) === true) return this.made.sweep;
    this.made = { of, sweep: this.make(folder, value.rows, setup) };
    this.revision++;
    return this.made.sweep;
  }

  private make(folder: string, all: TableRows, setup: SweepSetup): ShownSweep | undefined {
    const arms = sweptArmsOf(all);
    const arm = arms.find(({ name }) => name === setup.arm) ?? arms.at(-1);
    if (arm === undefined) return undefined;
    const rows = new RunRows();
    rows.take(combinationRows(all, arm.name));
    const results = betterColumns(rows);
    const by = results.find((id) => id === setup.by) ?? results[0] ?? "";
    const layout = layoutOf(setup, rows, { arm, by });
    const found = shownRows(rows, layout, this.open);
    const columns = found.columns.map((column) => (column.id === "model.name" ? { ...column, isLong: true } : column));
    const shown = { ...found, columns };
    return { ...{ folder, arm, arms, rows, by, layout, shown }, lines: new LocalRows(shown.lines) };
  }

  private noGrid(): TemplateResult {
    // The editor itself reports failures.
    const copy = (): void => void this.model.host.request("copy", { text: EXAMPLE }).catch(() => undefined);
    return emptyNotice({
      icon: "table",
      title: t("This run has no sweep"),
      text: html`${t("A grid in place of a number of rlhf, of an arm or of a soup makes an arm of each value:")}
        <code class="mono">${EXAMPLE}</code>`,
      actions: [{ label: t("Copy for the Config"), icon: "copy", isSecondary: true, run: copy }],
    });
  }

  private bar({ folder, arm, arms, rows, by, layout, shown }: ShownSweep): TemplateResult {
    const change = (to: Partial<SweepSetup>): void => this.change(folder, to);
    const results = betterColumns(rows).map((id) => ({ value: id, label: describeColumn({ id }).label }));
    return html`<div class="toolbar">
      <h2>${t("{0}: {1} combinations", arm.name, new Set(rows.rows.map(({ model }) => model)).size)}</h2>
      ${
        arms.length < 2
          ? nothing
          : choice({
              label: t("Swept arm"),
              options: arms.map(({ name }) => ({ value: name, label: name })),
              value: arm.name,
              chosen: (name) => {
                this.selected = new Set();
                this.open = new Set();
                this.active = 0;
                change({ arm: name, by: "", columns: [], sort: [], filter: "", plot: {} });
              },
            })
      }
      ${viewChoice(layout.view, (view) => change({ view, plot: {} }))}
      ${
        results.length === 0
          ? nothing
          : html`<span class="field"
              ><span aria-hidden="true">${t("Best by")}</span>${choice({
                label: t("Best by"),
                options: results,
                value: by,
                chosen: (id) => change({ by: id, sort: [], plot: {} }),
              })}</span
            >`
      }
      ${plotChoices(layout.view, plotOf(layout, shown.columns, rows.columns), shown.columns, (plot) => change({ plot }))}
      <vscode-button
        secondary
        icon="list-flat"
        aria-pressed=${this.hasPane}
        @click=${() => {
          this.hasPane = !this.hasPane;
          this.requestUpdate();
        }}
        >${t("Columns")}</vscode-button
      >
    </div>`;
  }

  /** The best combination, or the one that is selected, and the way to a config of its own. */
  private best({ folder, rows, by, layout }: ShownSweep): TemplateResult {
    const selected = rows.rows.filter(({ key }) => this.selected.has(key));
    const models = new Set(selected.map(({ model }) => model));
    const best = bestOf(models.size === 1 ? selected : rows.rows, by);
    const clear =
      layout.filter === ""
        ? nothing
        : html`<button class="link" @click=${() => this.change(folder, { filter: "" })}>${t("Clear Filter")}</button>`;
    if (best === undefined) {
      return html`<div class="best muted" role="status">${t("No combination has a result yet.")} ${clear}</div>`;
    }
    const { model, column, spread } = best;
    const result = t("{0} {1}", column.label, spreadText(column, spread));
    return html`<div class="best">
        <span role="status"
          >${models.size === 1 ? t("Selected:") : t("Best:")} <b>${model}</b> ·
          ${result}${spread.n > 1 ? ` · ${t("n = {0}", spread.n)}` : ""}</span
        >
        <vscode-button secondary icon="new-file" @click=${() => this.promote(folder, best)}
          >${t("Promote to Config...")}</vscode-button
        >
        ${clear}
      </div>
      <p class="muted">
        ${t("The best of many is partly the luckiest: train it again with other base seeds before you rely on its lead.")}
      </p>`;
  }

  private panes(sweep: ShownSweep): TemplateResult {
    const { folder, layout, rows } = sweep;
    return html`<div class="panes">
      ${this.content(sweep)}
      ${
        this.hasPane
          ? html`<aside aria-label=${t("Columns")}>
              <salsa-column-list
                .columns=${layout.columns}
                .known=${rows.columns}
                .meanings=${rows.meanings}
                @columns=${({ columns }: ColumnsEvent) => this.change(folder, { columns: columns.map(({ id }) => id) })}
              ></salsa-column-list>
            </aside>`
          : nothing
      }
    </div>`;
  }

  private content({ folder, layout, shown, rows, lines }: ShownSweep): TemplateResult {
    if (shown.lines.length === 0) {
      const reset = { label: t("Clear Filter"), icon: "clear-all", run: () => this.change(folder, { filter: "" }) };
      return emptyNotice({ icon: "filter", title: t("No row fits the filter"), actions: [reset] });
    }
    if (layout.view !== "table") {
      // Names and states would be axes of their own.
      const numbers = shown.columns.filter(({ id }) => !id.startsWith("model.") && id !== "sweep.of");
      return html`<salsa-runs-plot
        .view=${layout.view}
        .rows=${shown.rows}
        .items=${shown.items}
        .columns=${layout.view === "parallel" ? numbers : shown.columns}
        .plot=${plotOf(layout, shown.columns, rows.columns)}
        .palette=${rows.palette}
        .selected=${this.selected}
        @pick=${({ keys }: PickEvent) => this.toggle(keys)}
        @brush=${({ column, from, to }: BrushEvent) => {
          const terms = [layout.filter, filterTerm(column, ">=", from), filterTerm(column, "<=", to)];
          this.change(folder, { filter: terms.filter((term) => term !== "").join(" ") });
        }}
      ></salsa-runs-plot>`;
    }
    return html`<salsa-runs-grid
      .pages=${lines}
      .revision=${this.revision}
      .active=${Math.min(this.active, shown.lines.length - 1)}
      .columns=${shown.columns}
      .sort=${layout.sort}
      .groupBy=${layout.groupBy}
      .selected=${this.selected}
      @active-row=${({ row }: ActiveRowEvent) => {
        this.active = row;
        this.requestUpdate();
      }}
      @sort=${({ column, isMore }: SortEvent) => this.change(folder, { sort: nextSort(layout.sort, column, isMore) })}
      @mark-line=${({ index }: LineEvent) => this.toggleLine(shown.lines[index])}
      @toggle-group=${({ index }: LineEvent) => this.toggleGroup(shown.lines[index], index)}
      @keydown=${(event: KeyboardEvent) => this.onKey(event, shown.lines)}
    ></salsa-runs-grid>`;
  }

  private readonly onKey = (event: KeyboardEvent, lines: readonly TableLine[]): void => {
    if (event.altKey) return;
    const line = lines[this.active];
    if (event.key === " ") this.toggleLine(line);
    else if (event.key === "Enter" && line?.kind === "group") this.toggleGroup(line, this.active);
    else if (event.key === "Escape" && this.selected.size > 0) this.select(new Set());
    else return;
    event.preventDefault();
  };

  private toggleLine(line: TableLine | undefined): void {
    if (line !== undefined) this.toggle(keysOf(line));
  }

  private toggleGroup(line: TableLine | undefined, index: number): void {
    if (line?.kind !== "group") return;
    this.open = toggled(this.open, [line.group.key]);
    this.active = index;
    this.requestUpdate();
  }

  private toggle(keys: readonly string[]): void {
    this.select(toggled(this.selected, keys));
  }

  private select(selected: ReadonlySet<string>): void {
    this.selected = selected;
    this.requestUpdate();
  }

  private change(folder: string, to: Partial<SweepSetup>): void {
    this.setups.set(this.model, folder, to);
    this.requestUpdate();
  }

  private promote(folder: string, { model, rows }: BestCombination): void {
    const beta = betaOf(rows);
    // The editor itself reports why it could not be written.
    void this.model.host
      .request("promote", { folder, arm: model, ...(beta !== undefined && { beta }) })
      .catch(() => undefined);
  }
}

customElements.define("salsa-sweep", SweepView);
