import type { Axis } from "../frame.ts";

/** An axis of a panel. */
export interface PanelAxis extends Axis {
  readonly isLog?: boolean;
  /** Fractions, written as percentages, when "percent"; as they are when left out. */
  readonly format?: "percent" | "number";
}

/** An estimate with what it rests on. Plain data that travels as JSON: a number that does not exist is left out. */
export interface Estimate {
  readonly value: number;
  /** Ends of its 95 % interval; left out where nothing is known about it. */
  readonly low?: number;
  readonly high?: number;
  /** Standard error of a mean over prompts. */
  readonly se?: number;
  /** Comparisons, answers or rollouts that it rests on. */
  readonly n: number;
  /** Base seeds. */
  readonly nSeeds: number;
  /** Behind the value: "β 0.2, chosen of 3". */
  readonly note?: string;
}

/** An estimate at a place along an axis. */
export interface XYPoint extends Estimate {
  readonly x: number;
  /** Written beside the point, where there is room. */
  readonly label?: string;
  /** Of its mark, where that is not the series' colour: an arm's own. */
  readonly color?: number;
}

/** Estimates that belong together: an arm, a line of soups. */
export interface XYSeries {
  /** For the legend: "salsa". */
  readonly name: string;
  /** Place of its colour in the palette; an arm's is its place in the config, and `NEUTRAL` is nobody's. */
  readonly color: number;
  /** "steps" are the edges of a histogram, with the ground under them filled. */
  readonly look: "line" | "points" | "steps";
  readonly isDashed?: boolean;
  /** In ascending order of `x`, unless they are joined in another. */
  readonly points: readonly XYPoint[];
}

/** The colour of what belongs to no arm. */
export const NEUTRAL = -1;

/** A line across a panel: a mean, or the value of no difference. */
export interface PanelMark {
  readonly axis: "x" | "y";
  readonly at: number;
  readonly label?: string;
  /** Place in the palette; the foreground when left out. */
  readonly color?: number;
}

/** Estimates over an axis. */
export interface XYPanel {
  readonly kind: "xy";
  readonly title: string;
  readonly x: PanelAxis;
  readonly y: PanelAxis;
  readonly series: readonly XYSeries[];
  readonly marks?: readonly PanelMark[];
}

/** A bar of a group. */
export interface Bar extends Estimate {
  /** For the legend: "salsa". */
  readonly name: string;
  /** Place of its colour in the palette. */
  readonly color: number;
}

/** Bars side by side, in groups. */
export interface BarPanel {
  readonly kind: "bars";
  readonly title: string;
  readonly y: PanelAxis;
  readonly groups: readonly { readonly name: string; readonly bars: readonly Bar[] }[];
  /** The value of no difference. */
  readonly reference?: number;
}

/** A measured place of a plane. */
export interface HeatPoint extends Estimate {
  readonly x: number;
  readonly y: number;
}

/** A named place of a plane. */
export interface PlanePlace {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** Estimates over a plane, on a grid. */
export interface HeatPanel {
  readonly kind: "heat";
  readonly title: string;
  /** The measured quantity. */
  readonly measure: PanelAxis;
  /** The quantity of both axes: "distance in weight space". */
  readonly plane: Axis;
  /** Of the grid. */
  readonly columns: number;
  readonly rows: number;
  readonly left: number;
  readonly bottom: number;
  /** Distance of neighbours. */
  readonly step: number;
  /** Any of the grid's places; those that are missing stay empty. */
  readonly points: readonly HeatPoint[];
  /** Corners of the triangle. */
  readonly corners: readonly PlanePlace[];
  /** Models projected onto the plane; `note` says how far from it they are. */
  readonly projected: readonly (PlanePlace & { readonly color: number; readonly note: string })[];
}

/** A distribution at a place along an axis. */
export interface QuantileColumn {
  readonly x: number;
  /** One for each of the panel's percentages, ascending. */
  readonly values: readonly number[];
  /** Base seeds over which each of them is averaged. */
  readonly n: number;
}

/** How a distribution moves along an axis. */
export interface DensityPanel {
  readonly kind: "density";
  readonly title: string;
  readonly x: PanelAxis;
  readonly y: PanelAxis;
  /** Which values of each distribution are known: 0, 5, … 50, … 100. */
  readonly percents: readonly number[];
  /** In ascending order of `x`. */
  readonly columns: readonly QuantileColumn[];
  /** Of the vertical axis, where several panels have one; that of the values when left out. */
  readonly range?: { readonly min: number; readonly max: number };
}

export type Panel = XYPanel | BarPanel | HeatPanel | DensityPanel;

/** A figure of panels, as data: drawn by `panelFigure`, written as a table by `panelSheet`. */
export interface PanelFigureSpec {
  readonly title: string;
  /** The quantity, its number of samples, and the meaning of the intervals. */
  readonly caption: string;
  readonly panels: readonly Panel[];
}

/** A place of a drawn figure that has something to say. */
export interface PanelSpot {
  /** In the figure's pixels. */
  readonly x: number;
  readonly y: number;
  /** "salsa at 0.25: 54.0 % (52.1 to 56.0), n = 1,024, one seed". */
  readonly text: string;
}

/** A place with the index of its panel: the texts of two panels may be alike. */
export interface FigureSpot extends PanelSpot {
  readonly panel: number;
}

/** The inner part of a panel over an axis, for those who zoom in. */
export interface PanelFrame {
  /** Index of the panel. */
  readonly panel: number;
  /** In the figure's pixels. */
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** The stretch of the horizontal axis between the left and the right. */
  readonly min: number;
  readonly max: number;
  readonly isLog: boolean;
}

/** A figure with its places to point at. */
export interface DrawnPanels {
  /** A complete SVG file. */
  readonly svg: string;
  readonly width: number;
  readonly height: number;
  readonly spots: readonly FigureSpot[];
  /** Of panels that can be zoomed in. */
  readonly frames: readonly PanelFrame[];
}
