import uPlot from "uplot";
import { logTicks, type Range, rangeOf, ticks, tickText } from "../../engine/figures/index.ts";
import {
  type DrawnLine,
  drawLines,
  drawMarkers,
  endsOf,
  type Frame,
  type Marker,
  type SeenLine,
  Thinner,
} from "./draw.ts";
import { drawLabels, LABEL_ROOM, LEAST_WIDTH, MOST_LABELS } from "./labels.ts";
import type { XAxis } from "./prepared.ts";
import { valueRange, type ValueScale } from "./range.ts";

/** Content of a chart. */
export interface ChartContent {
  readonly lines: readonly DrawnLine[];
  readonly markers: readonly Marker[];
  readonly axis: XAxis;
  readonly scale: ValueScale;
  /** Undefined for the whole axis. */
  readonly zoom: Range | undefined;
  /** True if lines are named at their ends, where there is room. */
  readonly isLabelled: boolean;
}

/** Events of a chart. */
export interface ChartEvents {
  /** The cursor moved to a place along the axis; undefined when it left. */
  moved(x: number | undefined, event: MouseEvent | undefined): void;
  /** A stretch was dragged over; undefined to see the whole again. */
  zoomed(range: Range | undefined): void;
}

const AXIS_FONT = 11;

/** A logarithmic scale, which uPlot names by an enum that only its own compiler sees. */
const LOGARITHMIC: object = { distr: 3 };

/**
 * uPlot for axes, cursor and selection. The lines are drawn by us: each has places of its own, and uPlot wants one
 * column of places for all, which for many runs would be mostly gaps.
 */
export class Chart {
  private readonly host: HTMLElement;
  private readonly events: ChartEvents;
  private plot: uPlot | undefined;
  private content: ChartContent | undefined;
  private readonly thinner = new Thinner();
  private seen: readonly SeenLine[] = [];
  private x: Range = { min: 0, max: 1 };
  private y: Range = { min: 0, max: 1 };
  private size = { width: 0, height: 0 };
  /** Axis, scale and room for names that the plot was built for. */
  private kind = "";
  private isLabelled = false;

  constructor(host: HTMLElement, events: ChartEvents) {
    this.host = host;
    this.events = events;
  }

  /** Redraws the chart; rebuilds it if the kind of axis or scale has changed. */
  draw(content: ChartContent, size: { readonly width: number; readonly height: number }): void {
    if (size.width < 40) return;
    this.content = content;
    this.isLabelled = content.isLabelled && size.width >= LEAST_WIDTH && content.lines.length <= MOST_LABELS;
    const kind = `${content.axis} ${content.scale.isLog} ${this.isLabelled}`;
    if (kind !== this.kind) this.destroy();
    this.kind = kind;
    this.x = this.range();
    this.plot ??= this.build(content, size);
    const { plot, x } = this;
    this.seen = this.thinner.seen(content.lines, x, Math.max(50, size.width - 60));
    this.y = valueRange(
      this.seen.flatMap(({ main, low, high }) => [main.y, low?.y ?? [], high?.y ?? []]),
      content.scale,
    );
    plot.batch(() => {
      if (size.width !== this.size.width || size.height !== this.size.height) plot.setSize({ ...size });
      plot.setScale("x", x);
      plot.setScale("y", this.y);
      plot.redraw(false, true);
    });
    this.size = { ...size };
  }

  private range(): Range {
    return this.content?.zoom ?? this.whole();
  }

  /** The stretch of the axis that the lines cover. */
  whole(): Range {
    // Points are sorted along the axis, so the first and last give the range, however many there are.
    const ends = (this.content?.lines ?? []).map(({ prepared: { main } }) => [main.x[0], main.x[main.x.length - 1]]);
    const { min, max } = rangeOf(ends.flat().map(Number)) ?? { min: 0, max: 1 };
    return max > min ? { min, max } : { min: min - 0.5, max: max + 0.5 };
  }

  /** Shows the cursor at a place along the axis, or nowhere. */
  point(x: number | undefined): void {
    const { plot } = this;
    if (plot === undefined) return;
    const left = x === undefined ? -10 : plot.valToPos(x, "x");
    const isInside = left >= 0 && left <= this.length;
    plot.setCursor(isInside ? { left, top: 1 } : { left: -10, top: -10 }, false);
  }

  /** Where a place along the axis is on the page. */
  pageX(x: number): { readonly left: number; readonly top: number } | undefined {
    if (this.plot === undefined) return undefined;
    const { left, top } = this.plot.over.getBoundingClientRect();
    return { left: left + this.plot.valToPos(x, "x"), top: top + 12 };
  }

  /** Where a place on the page is along the axis: 0 at its beginning, 1 at its end; undefined where there is no axis. */
  shareAt(clientX: number): number | undefined {
    if (this.plot === undefined) return undefined;
    const share = (clientX - this.plot.over.getBoundingClientRect().left) / this.length;
    return share >= 0 && share <= 1 ? share : undefined;
  }

  /** Length of the axis in pixels of the page. */
  get length(): number {
    // Computed, not measured in the DOM: measuring would force a layout for every plot.
    return this.plot === undefined ? 0 : this.plot.bbox.width / uPlot.pxRatio;
  }

  destroy(): void {
    this.plot?.destroy();
    this.plot = undefined;
    this.size = { width: 0, height: 0 };
  }

  private build(content: ChartContent, { width, height }: { readonly width: number; readonly height: number }): uPlot {
    const { isLog } = content.scale;
    const options: uPlot.Options = {
      width,
      height,
      ms: 1,
      padding: [8, this.isLabelled ? LABEL_ROOM : 10, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: content.axis === "wall", auto: false, range: (_, min, max) => [min, max] },
        y: { auto: false, range: (_, min, max) => [min, max], ...(isLog && LOGARITHMIC) },
      },
      axes: [this.xAxis(content.axis), this.yAxis(isLog)],
      series: [{}, { paths: () => null, points: { show: false } }],
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: true, y: false, setScale: false },
        bind: {
          dblclick: () => () => {
            this.events.zoomed(undefined);
            return null;
          },
          mouseleave: () => () => {
            this.events.moved(undefined, undefined);
            return null;
          },
        },
      },
      hooks: {
        draw: [(plot) => this.paint(plot)],
        setCursor: [(plot) => this.cursorMoved(plot)],
        setSelect: [(plot) => this.selected(plot)],
      },
    };
    // uPlot wants data to have axes; ours is beside it.
    return new uPlot(options, [Float64Array.of(0, 1), [null, null]], this.host);
  }

  private xAxis(axis: XAxis): uPlot.Axis {
    const looks = { ...axisLooks(this.host), size: 30, gap: 4 };
    if (axis === "wall") return { ...looks, space: 70 };
    return {
      ...looks,
      splits: (plot, _, min, max) => ticks({ min, max }, Math.max(2, Math.floor(plot.bbox.width / uPlot.pxRatio / 70))),
      values: (_, splits) => splits.map((value) => (axis === "step" ? tickText(value) : secondsText(value))),
    };
  }

  private yAxis(isLog: boolean): uPlot.Axis {
    return {
      ...axisLooks(this.host),
      splits: (plot, _, min, max) => {
        const wanted = Math.max(2, Math.floor(plot.bbox.height / uPlot.pxRatio / 34));
        return (isLog ? logTicks : ticks)({ min, max }, wanted);
      },
      filter: (_, splits) => splits,
      values: (_, splits) => splits.map(tickText),
      // Before the first drawing there are no values, whatever uPlot's types say.
      size: (_, values: string[] | null) => 16 + 6.2 * Math.max(2, ...(values ?? []).map((value) => value.length)),
      gap: 4,
    };
  }

  private paint(plot: uPlot): void {
    const { content } = this;
    if (content === undefined) return;
    const { left, top, width, height } = plot.bbox;
    const { isLog } = content.scale;
    const frame: Frame = { left, top, width, height, x: this.x, y: this.y, isLog, ratio: uPlot.pxRatio };
    drawLines(plot.ctx, this.seen, frame);
    drawMarkers(plot.ctx, content.markers, frame);
    if (this.isLabelled) this.name(plot, frame);
  }

  private name({ ctx }: uPlot, frame: Frame): void {
    const { left, top, width, height, ratio } = frame;
    const { color, fontFamily } = getComputedStyle(this.host);
    drawLabels(ctx, endsOf(this.seen, frame), {
      ...{ right: left + width, top, bottom: top + height, ratio },
      ...{ font: `${AXIS_FONT * ratio}px ${fontFamily}`, color },
    });
  }

  private cursorMoved(plot: uPlot): void {
    const { left = -10 } = plot.cursor;
    // uPlot's own type does not say so, but there is none when the cursor was set by script.
    const event = plot.cursor.event as MouseEvent | null | undefined;
    if (event?.type !== "mousemove" || left < 0) return;
    this.events.moved(plot.posToVal(left, "x"), event);
  }

  private selected(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width < 4) return;
    const range = { min: plot.posToVal(left, "x"), max: plot.posToVal(left + width, "x") };
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.events.zoomed(range);
  }
}

/** Colours are looked up at every drawing: the theme may have changed. */
function axisLooks(host: HTMLElement): Pick<uPlot.Axis, "stroke" | "grid" | "ticks" | "font"> {
  const color = (name: string, otherwise: string) => (): string =>
    getComputedStyle(host).getPropertyValue(name).trim() || otherwise;
  const line = { stroke: color("--plot-grid", "rgba(128, 128, 128, 0.25)"), width: 1 };
  return {
    stroke: color("--plot-text", "gray"),
    font: `${AXIS_FONT}px ${getComputedStyle(host).fontFamily}`,
    grid: line,
    ticks: { ...line, size: 4 },
  };
}

/** Seconds on an axis: "45 s", "12 min", "1.5 h". */
export function secondsText(seconds: number): string {
  if (Math.abs(seconds) >= 7200) return `${tickText(Number((seconds / 3600).toFixed(2)))} h`;
  if (Math.abs(seconds) >= 300) return `${tickText(Number((seconds / 60).toFixed(2)))} min`;
  return `${tickText(seconds)} s`;
}
