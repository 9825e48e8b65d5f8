import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import "@vscode-elements/elements/dist/vscode-textfield/index.js";
import { html, nothing, type TemplateResult } from "lit";
import type { TableLayout } from "../../engine/protocol/runsLayout.ts";
import type { RunsTableRequests } from "../../engine/protocol/runsTablePanel.ts";
import { t } from "../localize.ts";
import { whole } from "../parts/format.ts";
import { type ModelRow, type RunRows, valueOf } from "./rows.ts";
import { MOST_FOLLOWED, type RowSelection } from "./selection.ts";
import { type ShownRows, plotOf } from "./shown.ts";
import type { Pane } from "./sidePane.ts";
import { type LayoutBar, groupChoices, layoutBar, plotChoices, viewChoice } from "./toolbar.ts";

/** State of what stands above the table, and what it does. */
export interface TableHeader {
  readonly shown: ShownRows;
  readonly layout: TableLayout;
  readonly rows: RunRows;
  readonly layouts: LayoutBar;
  readonly selection: RowSelection;
  /** The selected rows, else those of the line that keys move to. */
  readonly marked: readonly ModelRow[];
  readonly pane: Pane | undefined;
  readonly change: (change: Partial<TableLayout>) => void;
  readonly filter: (event: Event) => void;
  readonly group: (groupBy: readonly string[]) => void;
  readonly show: (pane: Pane) => void;
  readonly toggleFollowing: () => void;
  readonly clearSelection: () => void;
  readonly openRuns: (folders: readonly string[]) => void;
  readonly promote: (arm: RunsTableRequests["promote"]["params"]) => void;
}

/** Layouts, filter, groups and panes, and the status below them. */
export function tableHeader(header: TableHeader): TemplateResult {
  const { shown, layout, pane, selection } = header;
  const plot = plotOf(layout, shown.columns, header.rows.columns);
  return html`<header>
    <div class="toolbar">
      <h1>${t("Runs")}</h1>
      ${layoutBar(header.layouts)}
      <span class="spacer"></span>
      ${viewChoice(layout.view, (view) => header.change({ view }))}
    </div>
    <div class="toolbar" role="search">
      <vscode-textfield
        class="filter"
        label=${t("Filter")}
        placeholder=${t("Filter: salsa beta>0.1 tag=good")}
        title=${FILTER_HELP()}
        .value=${layout.filter}
        @input=${header.filter}
      >
        <vscode-icon slot="content-before" name="filter"></vscode-icon>
      </vscode-textfield>
      ${groupChoices(layout.groupBy, shown.columns, header.group)}
      ${plotChoices(layout.view, plot, shown.columns, (chosen) => header.change({ plot: chosen }))}
      <vscode-button
        secondary
        icon="list-flat"
        aria-pressed=${pane === "columns"}
        @click=${() => header.show("columns")}
        >${t("Columns")}</vscode-button
      >
      <vscode-button secondary icon="tag" aria-pressed=${pane === "marks"} @click=${() => header.show("marks")}
        >${t("Name, Tags and Note")}</vscode-button
      >
      <button
        class="chip"
        aria-pressed=${selection.isFollowed ? "true" : "false"}
        title=${t("Shows the runs that you select in the dashboard, while one is open")}
        @click=${header.toggleFollowing}
      >
        ${t("Follow Selection")}
      </button>
    </div>
    ${status(header)}
  </header>`;
}

function status({ shown, layout, rows: all, selection, marked, ...does }: TableHeader): TemplateResult {
  const { rows, lines, problem } = shown;
  const folders = [...new Set(marked.map(({ folder }) => folder))];
  const [only] = marked;
  const arm = marked.length === 1 ? armOf(only) : undefined;
  const nSelected = selection.keys.size;
  const counts =
    layout.groupBy.length === 0
      ? t("{0} of {1} rows, {2} runs", whole(rows.length), whole(all.rows.length), whole(all.nRuns))
      : t("{0} groups of {1} rows", whole(lines.filter(({ kind }) => kind === "group").length), whole(rows.length));
  return html`<div class="status">
    <span role="status">${counts}${nSelected === 0 ? "" : ` · ${t("{0} selected", whole(nSelected))}`}</span>
    ${
      selection.isFollowed && selection.inDashboard !== undefined && folders.length > MOST_FOLLOWED
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
            @click=${() => does.openRuns(folders)}
            >${folders.length === 1 ? t("Open Run") : t("Compare {0} Runs", folders.length)}</vscode-button
          >`
    }
    ${
      arm !== undefined
        ? html`<vscode-button secondary icon="new-file" @click=${() => does.promote(arm)}
            >${t("Promote to Config...")}</vscode-button
          >`
        : nothing
    }
    ${nSelected === 0 ? nothing : html`<button class="link" @click=${does.clearSelection}>${t("Clear selection")}</button>`}
  </div>`;
}

/** The arm that a row is about, with its β; undefined where it is about none. */
function armOf(row: ModelRow | undefined): RunsTableRequests["promote"]["params"] | undefined {
  if (row?.model === undefined || valueOf(row, "model.kind") !== "arm") return undefined;
  const beta = valueOf(row, "model.beta");
  return { folder: row.folder, arm: row.model, ...(typeof beta === "number" && { beta }) };
}

/** Translated when it is shown. */
const FILTER_HELP = (): string =>
  t(
    'Words are searched for in run, display name, model, status, config, tags and note. Columns are compared by =, !=, <, <=, >, >= and : (contains): beta>=0.1 kl<5 kind=arm tag="good, really" -status=failed createdAt>2026-11-01 winRate/inDistribution/ppo>55%. A column goes by its id or the end of it.',
  );
