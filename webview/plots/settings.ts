import type { FigureTheme } from "../../engine/figures/index.ts";
import { describeMetric } from "../../engine/protocol/catalogue.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import type { Curve, DashboardModel } from "../model.ts";
import { curveOf } from "./expression.ts";
import { lineNames, linesOf, type LineSource } from "./lines.ts";
import { type ColorBy, colorByDefault, type Look, lookOf, paletteFor } from "./looks.ts";
import { METRIC_FILTERS } from "./metricFilter.ts";
import { type Ends, X_AXES, type XAxis } from "./prepared.ts";
import { titleOfRun } from "../shell/runList.ts";

/** Settings of the plots, as the user last chose them. */
export interface PlotSettings {
  readonly axis: XAxis;
  /** 0 to 1. */
  readonly smoothing: number;
  readonly isClipped: boolean;
  readonly isLog: (metric: string) => boolean;
  readonly search: string;
  /** Names of hidden lines and folders of hidden runs. */
  readonly hidden: ReadonlySet<string>;
  /** Stages to show exclusively; all are shown if it is empty. */
  readonly only: ReadonlySet<string>;
  readonly colorBy: ColorBy;
}

/** The plots' settings as the model remembers them. */
export function plotSettings(model: DashboardModel): PlotSettings {
  const axis = model.setting("metrics.axis", "step");
  const isLogAll = model.setting("metrics.logAll", false);
  // A plot that is listed differs from the rest.
  const differing = new Set(model.setting("metrics.log", []));
  const colorBy = model.setting("metrics.colorBy", "");
  const { search, hidden, stages } = METRIC_FILTERS.of(model, model.focus.runs[0] ?? "");
  return {
    axis: X_AXES.find((one) => one === axis) ?? "step",
    smoothing: Math.min(0.99, Math.max(0, model.setting("metrics.smoothing", 0))),
    isClipped: model.setting("metrics.clip", false),
    isLog: (metric) => isLogAll !== differing.has(metric),
    search,
    hidden: new Set(hidden),
    only: new Set(stages),
    colorBy: colorBy === "arm" || colorBy === "run" ? colorBy : colorByDefault(model.focus.runs.length),
  };
}

/** Outlines received for the runs in focus, the first run's first. */
export function outlinesOf(model: DashboardModel): readonly RunOutline[] {
  return model.focus.runs.flatMap((folder) => model.outline(folder) ?? []);
}

/** A line with the curves received so far. */
export interface LoadedLine extends LineSource {
  readonly title: string;
  readonly look: Look;
  readonly curves: readonly Curve[];
  /** Of a single curve's own interval. */
  readonly ends?: Ends;
  /** True if all of its curves have been received. */
  readonly isWhole: boolean;
}

/** The visible lines of a metric, with their curves; missing curves are requested. */
export function loadedLines(
  model: DashboardModel,
  metric: string,
  { settings, theme }: { readonly settings: PlotSettings; readonly theme: FigureTheme },
): readonly LoadedLine[] {
  const outlines = outlinesOf(model);
  const names = lineNames(outlines);
  const looks = { names, palette: paletteFor(outlines, names), colorBy: settings.colorBy, theme };
  return linesOf(metric, outlines)
    .filter(({ name, folder, stages }) => {
      const isHidden = settings.hidden.has(name) || settings.hidden.has(folder);
      return !isHidden && (settings.only.size === 0 || stages.some((stage) => settings.only.has(stage)));
    })
    .map((source) => {
      const curves = source.stages.flatMap((stage) => curveOf(model, source.folder, { stage, metric }) ?? []);
      const { isWhole, ends } = intervalOf(model, source, metric);
      return {
        ...source,
        curves,
        ...(ends !== undefined && { ends }),
        isWhole: isWhole && curves.length === source.stages.length,
        title: titleOf(source, model),
        look: lookOf(source, looks),
      };
    });
}

/**
 * The ends of a line's own interval, requested where they are missing; undefined for a metric without, and over several
 * seeds, whose band is of their mean.
 */
function intervalOf(
  model: DashboardModel,
  { folder, stages }: LineSource,
  metric: string,
): { readonly isWhole: boolean; readonly ends?: Ends } {
  const { interval } = describeMetric(metric);
  const [stage, ...others] = stages;
  const recorded = stage === undefined ? undefined : model.outline(folder)?.series[stage];
  if (interval === undefined || stage === undefined || others.length > 0) return { isWhole: true };
  if (interval.some((end) => recorded?.[end] === undefined)) return { isWhole: true };
  const [low, high] = interval.map((end) => model.curve(folder, { stage, metric: end }));
  return low === undefined || high === undefined ? { isWhole: false } : { isWhole: true, ends: { low, high } };
}

/** "salsa", "salsa · demo-2" beside other runs, "salsa (from demo-1)" where that run made it. */
function titleOf({ name, folder, origin }: LineSource, model: DashboardModel): string {
  const title = model.focus.runs.length > 1 ? `${name} · ${titleOfRun(model, folder)}` : name;
  return origin === "" ? title : `${title} (${origin})`;
}
