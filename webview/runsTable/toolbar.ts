import "@vscode-elements/elements/dist/vscode-button/index.js";
import { html, nothing, type TemplateResult } from "lit";
import {
  LONGEST_TAG,
  type LayoutBook,
  type LayoutPlot,
  TABLE_VIEWS,
  type TableView,
} from "../../engine/protocol/runsLayout.ts";
import { t } from "../localize.ts";
import { choice } from "../parts/choice.ts";
import { radios } from "../parts/radios.ts";
import { type RunsColumn, describeColumn } from "./columns.ts";

/** State of the layouts' controls, and what they do. */
export interface LayoutBar {
  readonly book: LayoutBook;
  /** Name of the layout that was chosen last; empty for none. */
  readonly chosen: string;
  /** True while a new layout is being named. */
  readonly isNaming: boolean;
  readonly choose: (name: string) => void;
  readonly save: (name: string) => Promise<void>;
  readonly startNaming: () => void;
  readonly endNaming: () => void;
  readonly remove: () => Promise<void>;
}

/** Chooses among the saved layouts, saves the present one, deletes one. */
export function layoutBar({ book, chosen, isNaming, ...does }: LayoutBar): TemplateResult {
  const keep = (field: HTMLInputElement): void => {
    const name = field.value.trim();
    if (name === "") does.endNaming();
    else void does.save(name);
  };
  if (isNaming) {
    return html`<input
        class="name-field"
        maxlength=${LONGEST_TAG}
        aria-label=${t("Name of the layout")}
        placeholder=${t("Name of the layout")}
        .value=${chosen}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === "Enter") keep(event.target as HTMLInputElement);
          if (event.key === "Escape") does.endNaming();
        }}
      />
      <vscode-button
        icon="save"
        @click=${({ currentTarget }: Event) => {
          const field = (currentTarget as HTMLElement).previousElementSibling;
          if (field instanceof HTMLInputElement) keep(field);
        }}
        >${t("Save")}</vscode-button
      >
      <vscode-button secondary @click=${does.endNaming}>${t("Cancel")}</vscode-button>`;
  }
  const names = book.layouts.map(({ name }) => ({ value: name, label: name }));
  return html`${choice({
      label: t("Layout"),
      options: [{ value: "", label: t("Standard layout") }, ...names],
      value: chosen,
      chosen: does.choose,
    })}
    ${
      chosen === ""
        ? nothing
        : html`<vscode-button secondary icon="save" @click=${() => void does.save(chosen)}>${t("Save")}</vscode-button>`
    }
    <vscode-button secondary icon="save-as" @click=${does.startNaming}>${t("Save As...")}</vscode-button>
    ${
      chosen === ""
        ? nothing
        : html`<vscode-button secondary icon="trash" @click=${() => void does.remove()}
            >${t("Delete Layout")}</vscode-button
          >`
    }`;
}

/** Chooses between table and plots. */
export function viewChoice(view: TableView, chosen: (view: TableView) => void): TemplateResult {
  const options = TABLE_VIEWS.map((value) => ({ value, label: viewName(value) }));
  return radios({ label: t("View"), options, value: view, chosen });
}

function viewName(view: TableView): string {
  switch (view) {
    case "table":
      return t("Table");
    case "scatter":
      return t("Scatter");
    case "parallel":
      return t("Parallel");
    case "heatMap":
      return t("Heat map");
  }
}

/** Columns that rows are often grouped by, whether they are shown or not. */
const OFTEN = ["model.name", "model.beta", "model.alpha", "model.seed", "model.reference", "run.name", "run.tags"];

/** Chooses the columns that rows are grouped by: one, and within its groups another. */
export function groupChoices(
  groupBy: readonly string[],
  columns: readonly RunsColumn[],
  chosen: (groupBy: readonly string[]) => void,
): TemplateResult {
  const settings = columns.filter(({ isMeasured, id }) => !isMeasured && id !== "run.id").map(({ id }) => id);
  const ids = [...new Set([...OFTEN, ...settings, ...groupBy])].filter((id) => id !== "run.folder");
  const label = (id: string): string =>
    columns.find((column) => column.id === id)?.label ?? describeColumn({ id }).label;
  const options = ids.map((id) => ({ value: id, label: label(id) }));
  const [first = "", second = ""] = groupBy;
  return html`<span class="field"
      ><span aria-hidden="true">${t("Group by")}</span>${choice({
        label: t("Group by"),
        options: [{ value: "", label: t("nothing") }, { value: "run.folder", label: t("Run") }, ...options],
        value: first,
        chosen: (id) => chosen(id === "" ? [] : [id, ...groupBy.slice(1).filter((one) => one !== id)]),
      })}</span
    >
    ${
      first === ""
        ? nothing
        : html`<span class="field"
            ><span aria-hidden="true">${t("then by")}</span>${choice({
              label: t("then by"),
              options: [{ value: "", label: t("nothing") }, ...options.filter(({ value }) => value !== first)],
              value: second,
              chosen: (id) =>
                chosen(id === "" ? [first] : [first, id, ...groupBy.slice(2).filter((one) => one !== id)]),
            })}</span
          >`
    }`;
}

/** Chooses the columns of a plot. */
export function plotChoices(
  view: TableView,
  plot: LayoutPlot,
  columns: readonly RunsColumn[],
  chosen: (plot: LayoutPlot) => void,
): TemplateResult | typeof nothing {
  if (view !== "scatter" && view !== "heatMap") return nothing;
  const one = (label: string, key: keyof LayoutPlot, among: readonly RunsColumn[]): TemplateResult =>
    html`<span class="field"
      ><span aria-hidden="true">${label}</span>${choice({
        label,
        options: among.map(({ id, label: name }) => ({ value: id, label: name })),
        value: plot[key] ?? "",
        chosen: (id) => chosen({ ...plot, [key]: id }),
      })}</span
    >`;
  return html`${one("x", "x", columns)} ${one("y", "y", columns)}
  ${
    view === "heatMap"
      ? one(
          t("Color"),
          "value",
          columns.filter(({ isMeasured }) => isMeasured),
        )
      : nothing
  }`;
}
