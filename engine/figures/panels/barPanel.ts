import { SIZES } from "../frame.ts";
import { rangeOf } from "../points.ts";
import { element, short, textElement } from "../svg.ts";
import type { FigureTheme } from "../theme.ts";
import {
  type Box,
  type DrawnPanel,
  type PlotArea,
  colorAt,
  cut,
  drawVertical,
  panelTitle,
  titleRoom,
  verticalAxis,
} from "./box.ts";
import type { Bar, BarPanel, PanelSpot } from "./spec.ts";
import { axisValue, estimateText } from "./texts.ts";
import type { Scale } from "../scale.ts";

/** Share of a group's room that its bars take, and the widest of them, in pixels. */
const [FILLED, WIDEST] = [0.72, 64];
/** Room below for the groups' names, and above for the axis's. */
const [BELOW, ABOVE] = [26, 16];

/** Bars side by side, in groups, with their intervals; they begin at 0, so that their lengths may be compared. */
export function drawBars(panel: BarPanel, box: Box, theme: FigureTheme): DrawnPanel {
  const top = box.top + titleRoom(panel.title) + ABOVE;
  const bottom = box.top + box.height - BELOW;
  const bars = panel.groups.flatMap((group) => group.bars);
  const values = bars.flatMap(({ value, low = value, high = value }) => [value, low, high]);
  const range = rangeOf([0, panel.reference ?? 0], values) ?? { min: 0, max: 1 };
  // No room below 0, where bars stand, and above for their numbers.
  const most = range.max + (range.max - range.min) * 0.12;
  const { scale: wide, ...vertical } = verticalAxis({ min: range.min, max: most }, panel.y, { top, bottom });
  const scale: Scale = { ...wide, at: (value) => bottom - ((value - range.min) / (most - range.min)) * (bottom - top) };
  const ticks = vertical.ticks.filter((one) => one >= range.min && one <= most);
  const frame = { left: box.left + vertical.width, right: box.left + box.width - 8, top, bottom };
  const room = (frame.right - frame.left) / Math.max(1, panel.groups.length);
  const drawn = panel.groups.map((group, at) =>
    drawGroup(group, {
      panel,
      frame: { ...frame, left: frame.left + at * room, right: frame.left + (at + 1) * room },
      scale,
      theme,
    }),
  );
  const { reference } = panel;
  const y = reference === undefined ? 0 : scale.at(reference);
  const body = [
    panelTitle(panel.title, box),
    drawVertical({ ...vertical, ticks, scale }, panel.y, frame, theme),
    ...drawn.map((group) => group.body),
    element("line", { x1: frame.left, x2: frame.right, y1: scale.at(0), y2: scale.at(0), stroke: theme.muted }),
    ...(reference === undefined
      ? []
      : [
          element("line", {
            x1: frame.left,
            x2: frame.right,
            y1: y,
            y2: y,
            stroke: theme.foreground,
            "stroke-dasharray": "4 3",
          }),
        ]),
  ].join("");
  return { body, spots: drawn.flatMap((group) => group.spots) };
}

interface Drawing {
  readonly panel: BarPanel;
  /** Of the group. */
  readonly frame: PlotArea;
  readonly scale: Scale;
  readonly theme: FigureTheme;
}

function drawGroup({ name, bars }: BarPanel["groups"][number], drawing: Drawing): DrawnPanel {
  const { frame, theme } = drawing;
  const room = frame.right - frame.left;
  const width = Math.min(WIDEST, (room * FILLED) / Math.max(1, bars.length));
  const first = frame.left + (room - width * bars.length) / 2;
  const label = textElement(cut(name, room - 6, SIZES.text), {
    x: (frame.left + frame.right) / 2,
    y: frame.bottom + 17,
    "text-anchor": "middle",
    fill: theme.foreground,
  });
  const drawn = bars.map((bar, at) => drawBar(bar, { left: first + at * width, width }, drawing));
  const spots = drawn.map(({ spot }, at): PanelSpot => ({
    ...spot,
    text: `${name}, ${bars[at]?.name ?? ""}: ${spot.text}`,
  }));
  return { body: label + drawn.map(({ body }) => body).join(""), spots };
}

function drawBar(
  bar: Bar,
  { left, width }: { readonly left: number; readonly width: number },
  { panel, scale, theme }: Drawing,
): { readonly body: string; readonly spot: PanelSpot } {
  const color = colorAt(theme, bar.color);
  const [from, to] = [left + 2, left + width - 2];
  const [ground, top] = [scale.at(0), scale.at(bar.value)];
  const middle = (from + to) / 2;
  const corners = [
    [from, ground],
    [from, top],
    [to, top],
    [to, ground],
  ].map(([x = 0, y = 0]) => `${short(x)},${short(y)}`);
  const { low, high, value } = bar;
  const line = { stroke: theme.foreground, "stroke-width": 1.5 };
  const whisker =
    low === undefined || high === undefined
      ? ""
      : [
          element("line", { x1: middle, x2: middle, y1: scale.at(low), y2: scale.at(high), ...line }),
          ...[low, high].map((end) =>
            element("line", { x1: middle - 5, x2: middle + 5, y1: scale.at(end), y2: scale.at(end), ...line }),
          ),
        ].join("");
  const text = textElement(axisValue(value, panel.y).replace(" %", ""), {
    x: middle,
    y: scale.at(Math.max(high ?? value, value)) - 6,
    "text-anchor": "middle",
    "font-size": SIZES.caption,
    fill: theme.foreground,
  });
  const body = element("polygon", { points: corners.join(" "), fill: color, "fill-opacity": 0.85 }) + whisker + text;
  return { body, spot: { x: middle, y: top, text: estimateText(bar, panel.y) } };
}
