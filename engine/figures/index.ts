export { decimate, type Decimated } from "./decimate.ts";
export { forestFigure, type ForestFigureSpec, type ForestRow } from "./forestFigure.ts";
export type { Axis } from "./frame.ts";
export { lineFigure, type Line, type LineFigureSpec } from "./lineFigure.ts";
export { BAND_DEFINITION, meanBand, type MeanBand } from "./meanBand.ts";
export { rangeOf, type Points, type Range } from "./points.ts";
export { smooth, SMOOTHING_DEFINITION } from "./smooth.ts";
export { FIGURE_THEMES, type FigureTheme } from "./theme.ts";
export { logTicks, ticks, tickText } from "./ticks.ts";
