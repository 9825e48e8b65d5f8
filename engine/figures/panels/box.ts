import { SIZES, axisText } from "../frame.ts";
import { dashText, lookAt } from "../looks.ts";
import type { Range } from "../points.ts";
import { type Scale, linearScale, logScale } from "../scale.ts";
import { element, textElement, widthOf } from "../svg.ts";
import type { FigureTheme } from "../theme.ts";
import { logTicks, ticks } from "../ticks.ts";
import type { PanelAxis, PanelFrame, PanelSpot } from "./spec.ts";
import { axisTick } from "./texts.ts";

/** Where a panel stands, in the figure's pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A panel as elements, with its places to point at. */
export interface DrawnPanel {
  readonly body: string;
  readonly spots: readonly PanelSpot[];
  /** Of a panel that can be zoomed in. */
  readonly frame?: Omit<PanelFrame, "panel">;
}

/** The inner part of a panel, where values are drawn. */
export interface PlotArea {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Room that a panel's title takes; none where there is no title. */
export function titleRoom(title: string): number {
  return title === "" ? 0 : 22;
}

/** The title of a panel; nothing where the figure has one panel without one. */
export function panelTitle(title: string, { left, top, width }: Box): string {
  const shown = cut(title, width, SIZES.text);
  return title === "" ? "" : textElement(shown, { x: left, y: top + 12, "font-weight": 600 });
}

/** A text that is no wider than that, with an ellipsis where it was. */
export function cut(text: string, width: number, size: number): string {
  if (widthOf(text, size) <= width) return text;
  return `${text.slice(0, Math.max(1, Math.floor(width / (size * 0.58)) - 1)).trimEnd()}…`;
}

/** The colour at a place of the palette. */
export function colorAt(theme: FigureTheme, at: number): string {
  return lookAt(theme, at).color;
}

/** Dashes that tell apart those whose colours come again. */
export function dashAt(theme: FigureTheme, at: number, isDashed = false): string | undefined {
  return isDashed ? "6 4" : dashText(lookAt(theme, at).dash);
}

/** A vertical axis with its ticks: where the frame begins depends on how wide they are. */
export interface VerticalAxis {
  readonly scale: Scale;
  readonly ticks: readonly number[];
  readonly width: number;
}

/** A vertical axis over a stretch of values, for a frame between two heights. */
export function verticalAxis(
  range: Range,
  axis: PanelAxis,
  { top, bottom }: Pick<PlotArea, "top" | "bottom">,
): VerticalAxis {
  const isLog = axis.isLog === true;
  const scale = (isLog ? logScale : linearScale)(range, { from: bottom - 4, to: top + 4 });
  const at = (isLog ? logTicks : ticks)(scale.range, Math.max(2, Math.round((bottom - top) / 48)));
  const width = Math.max(20, ...at.map((one) => widthOf(axisTick(one, axis), SIZES.caption))) + 8;
  return { scale, ticks: at, width };
}

/** Lines and texts of a vertical axis. */
export function drawVertical(
  { scale, ticks: at, width }: VerticalAxis,
  axis: PanelAxis,
  frame: PlotArea,
  theme: FigureTheme,
): string {
  const { left, right, top } = frame;
  const label = { fill: theme.muted, "font-size": SIZES.caption };
  const unit = axis.format === "percent" ? { ...axis, unit: "%" } : axis;
  return [
    ...at.flatMap((value) => {
      const y = scale.at(value);
      return [
        element("line", { x1: left, x2: right, y1: y, y2: y, stroke: theme.grid }),
        textElement(axisTick(value, axis), { x: left - 6, y: y + 4, "text-anchor": "end", ...label }),
      ];
    }),
    textElement(
      cut(`${axisText(unit)}${axis.isLog === true ? ", log scale" : ""}`, right - left + width, SIZES.caption),
      {
        x: left - width,
        y: top - 8,
        ...label,
      },
    ),
  ].join("");
}

/** Lines and texts of a horizontal axis. */
export function drawHorizontal(scale: Scale, axis: PanelAxis, frame: PlotArea, theme: FigureTheme): string {
  const { left, right, bottom } = frame;
  const label = { fill: theme.muted, "font-size": SIZES.caption, "text-anchor": "middle" };
  const wanted = Math.max(2, Math.round((right - left) / 80));
  const at = (axis.isLog === true ? logTicks : ticks)(scale.range, wanted);
  const unit = axis.format === "percent" ? { ...axis, unit: "%" } : axis;
  return [
    element("line", { x1: left, x2: right, y1: bottom, y2: bottom, stroke: theme.muted }),
    ...at.flatMap((value) => {
      const x = scale.at(value);
      return [
        element("line", { x1: x, x2: x, y1: bottom, y2: bottom + 4, stroke: theme.muted }),
        textElement(axisTick(value, axis), { x, y: bottom + 17, ...label }),
      ];
    }),
    textElement(cut(`${axisText(unit)}${axis.isLog === true ? ", log scale" : ""}`, right - left + 20, SIZES.caption), {
      x: (left + right) / 2,
      y: bottom + 34,
      ...label,
    }),
  ].join("");
}
