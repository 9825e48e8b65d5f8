import { html, type TemplateResult } from "lit";
import { type FigureTheme, panelFigure, type PanelFigureSpec, panelSheet } from "../../engine/figures/index.ts";
import { csvCell } from "../../engine/common/csv.ts";
import { PLOT_FORMATS } from "../../engine/protocol/dashboard.ts";
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

/** The menu that saves a figure, as those of metrics have one. */
export function figureMenu(host: Host, { name, title, spec, theme }: FigureToSave): TemplateResult {
  const items = PLOT_FORMATS.map((format): MenuItem => {
    const save = async (): Promise<void> => {
      const texts = { svg: () => panelFigure(spec, { theme }).svg, csv: () => csvOf(spec) };
      await host.request("save", { name: `${name}.${format}`, content: await figureFile(texts, format) });
    };
    // The editor itself reports failures to save.
    return { label: t("Save as {0}…", format.toUpperCase()), run: () => void save().catch(() => undefined) };
  });
  return html`<salsa-menu .items=${items} .label=${t("Plot of {0}", title)}></salsa-menu>`;
}

/** The numbers behind a figure, with every digit. */
export function csvOf(spec: PanelFigureSpec): string {
  const { columns, rows } = panelSheet(spec);
  const cell = (value: string | number | null): string =>
    typeof value === "string" ? csvCell(value) : String(value ?? "");
  return [columns.map(({ header }) => header), ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
}
