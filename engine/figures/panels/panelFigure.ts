import { type LegendEntry, SIZES, framed, legend } from "../frame.ts";
import type { Range } from "../points.ts";
import { FIGURE_THEMES, type FigureTheme } from "../theme.ts";
import { drawBars } from "./barPanel.ts";
import { type Box, type DrawnPanel, colorAt, dashAt } from "./box.ts";
import { drawDensity } from "./densityPanel.ts";
import { drawHeat } from "./heatPanel.ts";
import type { DrawnPanels, Panel, PanelFigureSpec } from "./spec.ts";
import { drawXY } from "./xyPanel.ts";

/** How a figure of panels is drawn. */
export interface PanelLooks {
  /** `FIGURE_THEMES.light` when left out. */
  readonly theme?: FigureTheme;
  /** In pixels; 760 when left out. */
  readonly width?: number;
  /** Of a panel, in pixels; as suits its kind when left out. */
  readonly panelHeight?: number | undefined;
  /** Stretches of horizontal axes to be shown, by the index of their panel; all of it when left out. */
  readonly zoom?: ReadonlyMap<number, Range>;
}

const WIDTH = 760;
/** Narrower panels than this stand below each other. */
const NARROWEST = 300;
const HEIGHTS = { xy: 300, bars: 290, heat: 460, density: 260 } as const;
const GAP = 16;

/** Draws a figure: its legend, and its panels in one or two columns. */
export function panelFigure(
  spec: PanelFigureSpec,
  { theme = FIGURE_THEMES.light, width = WIDTH, panelHeight, zoom }: PanelLooks = {},
): DrawnPanels {
  const names = legend(legendOf(spec.panels, theme), width, 50);
  const isWide = spec.panels.length < 2 || spec.panels.some(({ kind }) => kind === "heat");
  const room = width - 2 * SIZES.margin;
  const nColumns = isWide || (room - GAP) / 2 < NARROWEST ? 1 : 2;
  const panelWidth = (room - GAP * (nColumns - 1)) / nColumns;
  let top = 50 + names.height;
  const drawn: DrawnPanel[] = [];
  for (let at = 0; at < spec.panels.length; at += nColumns) {
    const row = spec.panels.slice(at, at + nColumns);
    const height = panelHeight ?? Math.max(...row.map(({ kind }) => HEIGHTS[kind]));
    for (const [column, panel] of row.entries()) {
      const left = SIZES.margin + column * (panelWidth + GAP);
      const box = { left, top, width: panelWidth, height };
      drawn.push(drawPanel(panel, box, { theme, zoom: zoom?.get(at + column) }));
    }
    top += height + 10;
  }
  const body = [names.svg, ...drawn.map((panel) => panel.body)];
  const { title, caption } = spec;
  const svg = framed({ title, description: descriptionOf(spec), caption, theme, width, height: top, body });
  const frames = drawn.flatMap(({ frame }, panel) => (frame === undefined ? [] : [{ panel, ...frame }]));
  const spots = drawn.flatMap((one, panel) => one.spots.map((spot) => ({ panel, ...spot })));
  return { svg, width, height: heightOf(svg), spots, frames };
}

function drawPanel(
  panel: Panel,
  box: Box,
  { theme, zoom }: { readonly theme: FigureTheme; readonly zoom: Range | undefined },
): DrawnPanel {
  switch (panel.kind) {
    case "xy":
      return drawXY(panel, box, { theme, zoom });
    case "bars":
      return drawBars(panel, box, theme);
    case "heat":
      return drawHeat(panel, box, theme);
    case "density":
      return drawDensity(panel, box, theme);
  }
}

/** With its caption, whose lines the frame knows of. */
function heightOf(svg: string): number {
  return Number(/ height="([\d.]+)"/.exec(svg)?.[1] ?? 0);
}

/** Every name once, with its colour; none where one alone is drawn that the axis names. */
function legendOf(panels: readonly Panel[], theme: FigureTheme): readonly LegendEntry[] {
  const entries = new Map<string, LegendEntry>();
  const add = (name: string, color: number, isDashed = false): void => {
    if (!entries.has(name))
      entries.set(name, { name, color: colorAt(theme, color), dash: dashAt(theme, color, isDashed) });
  };
  for (const panel of panels) {
    if (panel.kind === "xy") for (const { name, color, isDashed } of panel.series) add(name, color, isDashed);
    else if (panel.kind === "bars")
      for (const { bars } of panel.groups) for (const { name, color } of bars) add(name, color);
    else if (panel.kind === "heat") for (const { name, color } of panel.projected) add(name, color);
  }
  return [...entries.values()];
}

/** Alternative text: what is drawn, and how much of it. */
function descriptionOf({ panels }: PanelFigureSpec): string {
  return panels
    .map((panel) => {
      const title = panel.title === "" ? "" : `${panel.title}: `;
      if (panel.kind === "heat") return `${title}${panel.measure.label} at ${panel.points.length} places of a plane.`;
      if (panel.kind === "density") {
        const { x, y, columns } = panel;
        return `${title}distribution of ${y.label} by ${x.label} at ${columns.length} places.`;
      }
      if (panel.kind === "bars")
        return `${title}${panel.y.label} as bars, ${panel.groups.map(({ name }) => name).join(", ")}.`;
      const series = panel.series.map(({ name, points }) => `${name} (${points.length} points)`).join(", ");
      return `${title}${panel.y.label} by ${panel.x.label}: ${series}.`;
    })
    .join(" ");
}
