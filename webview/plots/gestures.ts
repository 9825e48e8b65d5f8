import type { Range } from "../../engine/figures/index.ts";
import type { Chart } from "./chart.ts";
import { moved, type SharedAxis, zoomAround } from "./shared.ts";

/** Targets of the gestures. */
export interface GestureSettings {
  /** The stretch that all plots show. */
  readonly shared: Pick<SharedAxis, "zoom">;
  readonly chart: Pick<Chart, "whole" | "shareAt" | "length">;
  /** The pointer is at another place along the axis now, though it stayed where it is on the page. */
  readonly moved: (x: number, event: MouseEvent) => void;
}

/** Pixels of a line and of a page, for mice that count the wheel in those. */
const WHEEL_UNITS = [1, 16, 400];
/** Doublings a pixel of the wheel: fine for two fingers, √2 for a notch of a mouse. */
const ZOOM_RATE = 0.01;
const MOST_ZOOM = 0.5;

/**
 * Zooming with Ctrl or ⌘ and the wheel, or two fingers, and moving along the axis with Shift, a wheel to the side, or
 * the middle button. The bare wheel scrolls the page, and a drag of the first button is uPlot's selection.
 */
export class Gestures {
  private readonly host: HTMLElement;
  private readonly settings: GestureSettings;
  /** Where a drag began, in pixels of the page and on the axis. */
  private from: { readonly x: number; readonly range: Range } | undefined;

  constructor(host: HTMLElement, settings: GestureSettings) {
    this.host = host;
    this.settings = settings;
    host.addEventListener("wheel", this.onWheel, { passive: false });
    // Captured, to run before uPlot's handler.
    host.addEventListener("mousedown", this.onDown, { capture: true });
  }

  /** Removes the listeners. */
  release(): void {
    this.onUp();
    this.host.removeEventListener("wheel", this.onWheel);
    this.host.removeEventListener("mousedown", this.onDown, { capture: true });
  }

  private readonly onWheel = (event: WheelEvent): void => {
    const { chart, shared } = this.settings;
    const share = chart.shareAt(event.clientX);
    if (share === undefined) return;
    const unit = WHEEL_UNITS[event.deltaMode] ?? 1;
    const [along, across] = [event.deltaX * unit, event.deltaY * unit];
    if (event.ctrlKey || event.metaKey) {
      const doublings = Math.max(-MOST_ZOOM, Math.min(MOST_ZOOM, across * ZOOM_RATE));
      shared.zoom = zoomAround(this.range, placeIn(this.range, share), 2 ** doublings, chart.whole());
      event.preventDefault();
      return;
    }
    const isSideways = event.shiftKey || Math.abs(along) > Math.abs(across);
    const pixels = isSideways ? along || across : 0;
    // Where there is nothing to move, the page may have a use for it.
    if (pixels === 0 || shared.zoom === undefined) return;
    this.moveFrom(this.range, pixels);
    this.settings.moved(placeIn(this.range, share), event);
    event.preventDefault();
  };

  private readonly onDown = (event: MouseEvent): void => {
    const isMove = event.button === 1 || (event.button === 0 && event.shiftKey);
    if (!isMove || this.settings.chart.shareAt(event.clientX) === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.from = { x: event.clientX, range: this.range };
    this.host.classList.add("moving");
    window.addEventListener("mousemove", this.onMove);
    window.addEventListener("mouseup", this.onUp);
  };

  private readonly onMove = ({ clientX }: MouseEvent): void => {
    const { from } = this;
    if (from !== undefined && this.settings.shared.zoom !== undefined) this.moveFrom(from.range, from.x - clientX);
  };

  private readonly onUp = (): void => {
    this.from = undefined;
    this.host.classList.remove("moving");
    window.removeEventListener("mousemove", this.onMove);
    window.removeEventListener("mouseup", this.onUp);
  };

  private moveFrom(range: Range, pixels: number): void {
    const { chart, shared } = this.settings;
    const by = (pixels / Math.max(1, chart.length)) * (range.max - range.min);
    shared.zoom = moved(range, by, chart.whole());
  }

  /** Visible range as last set, which may not be drawn yet. */
  private get range(): Range {
    return this.settings.shared.zoom ?? this.settings.chart.whole();
  }
}

function placeIn({ min, max }: Range, share: number): number {
  return min + share * (max - min);
}
