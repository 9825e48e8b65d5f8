import { html, type TemplateResult } from "lit";
import { csvCell } from "../../engine/common/csv.ts";
import { PLOT_FORMATS } from "../../engine/protocol/dashboard.ts";
import { type FigureTheme, forestFigure, type ForestRow } from "../../engine/figures/index.ts";
import type { Host } from "../host.ts";
import { t } from "../localize.ts";
import { figureFile } from "../plots/figureFile.ts";
import { themeOf } from "../plots/looks.ts";
import type { MenuItem } from "../plots/menu.ts";
import type { ForestEntry } from "./forest.ts";
import "../plots/menu.ts";

/** Data of the plot of win rates to save. */
export interface ForestToSave {
  /** As drawn: in their order, with the seeds that are shown. */
  readonly entries: readonly ForestEntry[];
  /** Ids of the runs, by the index that entries have. */
  readonly runs: readonly string[];
}

/** The menu that saves the plot of win rates, as those of metrics have one. */
export function forestMenu(host: Host, plot: ForestToSave): TemplateResult {
  const items = PLOT_FORMATS.map((format): MenuItem => {
    const save = async (): Promise<void> => {
      const texts = { svg: () => forestSvg(plot, themeOf(document.body)), csv: () => forestCsv(plot) };
      await host.request("save", { name: `winRates.${format}`, content: await figureFile(texts, format) });
    };
    // The editor itself reports failures to save.
    return { label: t("Save as {0}…", format.toUpperCase()), run: () => void save().catch(() => undefined) };
  });
  return html`<salsa-menu .items=${items} .label=${t("Plot of {0}", t("Win rates"))}></salsa-menu>`;
}

/** The figure that reports have, with every row that the plot shows. */
export function forestSvg({ entries, runs }: ForestToSave, theme: FigureTheme): string {
  const groups = [...Map.groupBy(entries, ({ group }) => group)].map(([name, of]) => ({
    name,
    rows: of.map((entry) => rowOf(entry, runs)),
  }));
  const nSeeds = Math.max(1, ...entries.map(({ row }) => row.nSeeds));
  return forestFigure({
    title: "Win rates",
    x: { label: "Adjusted win rate of the first" },
    groups,
    reference: 0.5,
    format: "percent",
    interval: `95 % interval, clustered by prompt${nSeeds > 1 ? " and by seed" : ""}`,
    caption: "A tie counts as half a win.",
    theme,
  });
}

function rowOf({ label, row, run }: ForestEntry, runs: readonly string[]): ForestRow {
  const seed = row.seed === "all" || row.nSeeds === 1 ? "" : `, seed ${row.seed}`;
  const of = runs.length > 1 ? ` · ${runs[run] ?? ""}` : "";
  const { adjusted, low, high, n } = row;
  return { label: `${label}${seed}${of}`, value: adjusted ?? NaN, low: low ?? NaN, high: high ?? NaN, n };
}

const COLUMNS = ["adjusted", "low", "high", "n", "wins", "losses", "ties", "p", "holm"] as const;

/** Every row that the plot shows, with each digit; empty where there is no number. */
export function forestCsv({ entries, runs }: ForestToSave): string {
  const rows = entries.map(({ row, run }) => {
    const texts = [runs[run] ?? "", row.benchmark, row.a, row.b].map(csvCell);
    return [...texts, row.seed, ...COLUMNS.map((column) => row[column] ?? "")].join(",");
  });
  return `${[["run,benchmark,a,b,seed", ...COLUMNS].join(","), ...rows].join("\n")}\n`;
}
