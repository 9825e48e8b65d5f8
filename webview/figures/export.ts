import { html, type TemplateResult } from "lit";
import { type FigureTheme, panelFigure, type PanelFigureSpec, panelSheet } from "../../engine/figures/index.ts";
import { csvCell } from "../../engine/common/csv.ts";
import { cellText } from "../../engine/common/format.ts";
import { latexTable } from "../../engine/common/latex.ts";
import { type FileContent, PLOT_FORMATS } from "../../engine/protocol/dashboard.ts";
import type { Host } from "../host.ts";
import { t } from "../localize.ts";
import { figureFile } from "../plots/figureFile.ts";
import type { MenuItem } from "../plots/menu.ts";
import "../plots/menu.ts";

/** A figure to be saved. */
export interface FigureToSave {
  readonly name: string;
  readonly title: string;
  readonly spec: PanelFigureSpec;
  readonly theme: FigureTheme;
}

/** The menu that saves a figure, as those of metrics have one, or the table behind it for a paper. */
export function figureMenu(host: Host, { name, title, spec, theme }: FigureToSave): TemplateResult {
  const texts = { svg: () => panelFigure(spec, { theme }).svg, csv: () => csvOf(spec) };
  const item = (label: string, extension: string, content: () => Promise<FileContent>): MenuItem => {
    const save = async (): Promise<void> => {
      await host.request("save", { name: `${name}.${extension}`, content: await content() });
    };
    // The editor itself reports failures to save.
    return { label: t("Save as {0}…", label), run: () => void save().catch(() => undefined) };
  };
  const items = [
    ...PLOT_FORMATS.map((format) => item(format.toUpperCase(), format, () => figureFile(texts, format))),
    item("LaTeX", "tex", () => Promise.resolve({ text: latexOf(spec) })),
  ];
  return html`<salsa-menu .items=${items} .label=${t("Plot of {0}", title)}></salsa-menu>`;
}

/** The numbers behind a figure as a table of a paper. */
function latexOf(spec: PanelFigureSpec): string {
  const { columns, rows } = panelSheet(spec);
  return latexTable(columns, [columns.map(({ header }) => header), ...rows.map((row) => row.map(cellText))]);
}

/** The numbers behind a figure, with every digit. */
export function csvOf(spec: PanelFigureSpec): string {
  const { columns, rows } = panelSheet(spec);
  const cell = (value: string | number | null): string =>
    typeof value === "string" ? csvCell(value) : String(value ?? "");
  return [columns.map(({ header }) => header), ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
}
