import { csvCell } from "../../engine/common/csv.ts";
import type { PlotFormat } from "../../engine/protocol/dashboard.ts";
import type { MetricEntry } from "../../engine/protocol/catalogue.ts";
import { withReferences } from "../../engine/protocol/references.ts";
import { runTitle } from "../../engine/protocol/runTitle.ts";
import { type FigureTheme, lineFigure } from "../../engine/figures/index.ts";
import { fromCatalogue } from "../localize.ts";
import type { DashboardModel } from "../model.ts";
import { describePlot } from "./expression.ts";
import { figureFile } from "./figureFile.ts";
import { placesOf, type XAxis } from "./prepared.ts";
import { configsOf } from "./configs.ts";
import { type LoadedLine, loadedLines, plotSettings } from "./settings.ts";

/** Data and settings of a plot to save. */
export interface PlotToSave {
  readonly metric: string;
  /** Of the metric or expression, with the references that it is measured against. */
  readonly entry: MetricEntry;
  readonly lines: readonly LoadedLine[];
  readonly axis: XAxis;
  readonly smoothing: number;
  readonly isLog: boolean;
  readonly theme: FigureTheme;
}

/** Saves the plot of a metric as it would be shown, once its curves are there. */
export async function exportPlot(
  model: DashboardModel,
  { metric, format, theme }: { readonly metric: string; readonly format: PlotFormat; readonly theme: FigureTheme },
): Promise<void> {
  const lines = await wholeLines(model, metric, theme);
  const entry = withReferences(describePlot(metric), await configsOf(model), fromCatalogue);
  const { axis, smoothing, isLog } = plotSettings(model);
  const plot = { metric, entry, lines, axis, smoothing, isLog: isLog(metric), theme };
  const texts = { svg: () => svgOf(plot), csv: () => csvOf(plot) };
  const name = `${metric.replaceAll(/[/\s]+/g, "-")}.${format}`;
  await model.host.request("save", { name, content: await figureFile(texts, format) });
}

function wholeLines(model: DashboardModel, metric: string, theme: FigureTheme): Promise<readonly LoadedLine[]> {
  return new Promise((resolve) => {
    const look = (): boolean => {
      const isTold = model.focus.runs.every((folder) => model.outline(folder) ?? model.followProblem(folder));
      const lines = loadedLines(model, metric, { settings: plotSettings(model), theme });
      const isWhole = lines.every((line) => line.isWhole || model.followProblem(line.folder) !== undefined);
      if (model.isReady && isTold && isWhole) resolve(lines);
      return model.isReady && isTold && isWhole;
    };
    if (look()) return;
    const end = model.subscribe(() => {
      if (look()) end();
    });
  });
}

/** Every point as recorded. */
export function csvOf({ metric, lines }: Pick<PlotToSave, "metric" | "lines">): string {
  const folders = lines.map(({ folder }) => folder);
  const rows = lines.flatMap(({ folder, stages, curves }) =>
    curves.flatMap(({ steps, times, values }, nth) => {
      const place = `${csvCell(runTitle(folder, folders))},${csvCell(stages[nth] ?? "")},${csvCell(metric)}`;
      return Array.from(steps, (step, at) => {
        const value = values[at] ?? NaN;
        return `${place},${step},${new Date(times[at] ?? 0).toISOString()},${Number.isFinite(value) ? value : ""}`;
      });
    }),
  );
  return `${["run,stage,metric,step,time,value", ...rows].join("\n")}\n`;
}

/** The figure of a report, as the plot is set. Seeds are averaged by step, so with several the axis is of steps. */
export function svgOf({ entry, lines, axis, smoothing, isLog, theme }: Omit<PlotToSave, "metric">): string {
  const { label, unit, bounds } = entry;
  const along = lines.some(({ curves }) => curves.length > 1) ? "step" : axis;
  const begin = Math.min(...lines.flatMap(({ curves }) => curves.map(({ times }) => times[0] ?? Infinity)));
  const drawn = lines.map(({ title, look, curves, ends }) => ({
    name: title,
    look,
    ...(look.shape !== undefined && { shape: look.shape }),
    curves: curves.map((curve) => ({ x: figurePlaces(placesOf(curve, along), along, begin), y: curve.values })),
    interval: ends && { low: ends.low.values, high: ends.high.values },
  }));
  const y = { label, unit, isLog };
  return lineFigure({ title: label, x: X_LABELS[along], y, lines: drawn, bounds, smoothing, theme });
}

const X_LABELS = {
  step: { label: "step" },
  relative: { label: "time since the stage began", unit: "s" },
  wall: { label: "time since the first record", unit: "s" },
} as const;

/** A figure's axis counts seconds, not dates. */
function figurePlaces(places: Float64Array, axis: XAxis, begin: number): Float64Array {
  return axis === "wall" ? places.map((time) => (time - begin) / 1000) : places;
}
