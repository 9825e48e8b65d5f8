import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import {
  type DrawnPanels,
  type FigureTheme,
  panelFigure,
  type PanelFigureSpec,
  type PanelFrame,
  type Range,
} from "../../engine/figures/index.ts";
import { t } from "../localize.ts";
import { styled } from "../parts/styled.ts";
import { baseStyles } from "../parts/styles.ts";
import { figurePlotStyles } from "./styles.ts";

/** The pointer shows the nearest place within this many pixels. */
const NEAR = 28;
/** Narrower drags are clicks. */
const LEAST_DRAG = 8;

/** A stretch that is being dragged over, in the figure's pixels. */
interface Drag {
  readonly frame: PanelFrame;
  readonly from: number;
  readonly to: number;
}

/**
 * One drawn figure. Pointing at a place, or moving to it with the arrow keys, tells its value, n and interval; dragging over
 * a panel with an axis zooms in, and a double click or Escape shows all of it again.
 */
class FigurePlot extends LitElement {
  static override readonly properties = {
    spec: { attribute: false },
    theme: { attribute: false },
    width: { attribute: false },
    panelHeight: { attribute: false },
    spot: { state: true },
    drag: { state: true },
    zoom: { state: true },
  };
  declare spec: PanelFigureSpec;
  declare theme: FigureTheme;
  /** That the figure may take, in pixels. */
  declare width: number;
  /** Of each panel, in pixels; as suits its kind when undefined. */
  declare panelHeight: number | undefined;
  /** Index of the place that is read out; −1 for none. */
  declare spot: number;
  declare drag: Drag | undefined;
  declare zoom: ReadonlyMap<number, Range>;
  private drawn: DrawnPanels | undefined;

  static override readonly styles = [baseStyles, figurePlotStyles];

  constructor() {
    super();
    this.spot = -1;
    this.zoom = new Map();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("spec") && changed.get("spec") !== undefined) this.zoom = new Map();
    if (!["spec", "theme", "width", "panelHeight", "zoom"].some((name) => changed.has(name))) return;
    const { theme, width, panelHeight, zoom } = this;
    const read = this.drawn?.spots[this.spot];
    this.drawn = panelFigure(this.spec, { theme, width, panelHeight, zoom });
    // The value that is read off stays, wherever it is drawn now: a run that is going on is drawn again and again.
    this.spot = this.drawn.spots.findIndex(({ panel, text }) => panel === read?.panel && text === read.text);
  }

  protected override render(): TemplateResult | typeof nothing {
    const { drawn } = this;
    if (drawn === undefined) return nothing;
    const { svg, width, height, spots } = drawn;
    const canZoom = drawn.frames.length > 0;
    const label = canZoom
      ? t("{0}. Arrow keys read its values; dragging zooms in, Escape shows all.", this.spec.title)
      : t("{0}. Arrow keys read its values.", this.spec.title);
    return html`<div
        class="picture"
        role="img"
        tabindex="0"
        aria-label=${label}
        @pointermove=${this.onMove}
        @pointerleave=${this.onLeave}
        @pointerdown=${this.onDown}
        @pointerup=${this.onUp}
        @dblclick=${this.showAll}
        @keydown=${this.onKey}
      >
        <img
          src=${`data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`}
          width=${width}
          height=${height}
          alt=""
          draggable="false"
        />
        ${this.band()} ${this.tip()}
      </div>
      <span class="visually-hidden" role="status">${spots[this.spot]?.text ?? ""}</span>`;
  }

  private tip(): TemplateResult | typeof nothing {
    const spot = this.drawn?.spots[this.spot];
    if (spot === undefined || this.drawn === undefined || this.drag !== undefined) return nothing;
    const { width, height } = this.drawn;
    const [x, y] = [100 * (spot.x / width), 100 * (spot.y / height)];
    const side = x > 60 ? { right: `calc(${100 - x}% + 12px)` } : { left: `calc(${x}% + 12px)` };
    const level = y > 70 ? { bottom: `calc(${100 - y}% + 10px)` } : { top: `calc(${y}% + 10px)` };
    return html`<div class="ring" ${styled({ left: `${x}%`, top: `${y}%` })}></div>
      <div class="tip" aria-hidden="true" ${styled({ ...side, ...level })}>${spot.text}</div>`;
  }

  private band(): TemplateResult | typeof nothing {
    if (this.drag === undefined || this.drawn === undefined) return nothing;
    const { frame, from, to } = this.drag;
    const { width, height } = this.drawn;
    const style = {
      left: `${100 * (Math.min(from, to) / width)}%`,
      width: `${100 * (Math.abs(to - from) / width)}%`,
      top: `${100 * (frame.top / height)}%`,
      height: `${100 * ((frame.bottom - frame.top) / height)}%`,
    };
    return html`<div class="band" ${styled(style)}></div>`;
  }

  /** The pointer's place in the figure's pixels. */
  private placeOf(event: PointerEvent): readonly [number, number] {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const { width = 1, height = 1 } = this.drawn ?? {};
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
  }

  private readonly onMove = (event: PointerEvent): void => {
    const [x, y] = this.placeOf(event);
    if (this.drag !== undefined) {
      const { left, right } = this.drag.frame;
      this.drag = { ...this.drag, to: Math.min(Math.max(x, left), right) };
      return;
    }
    let [nearest, distance] = [-1, NEAR];
    for (const [at, spot] of (this.drawn?.spots ?? []).entries()) {
      const away = Math.hypot(spot.x - x, spot.y - y);
      if (away < distance) [nearest, distance] = [at, away];
    }
    this.spot = nearest;
  };

  private readonly onLeave = (): void => {
    if (this.drag === undefined) this.spot = -1;
  };

  private readonly onDown = (event: PointerEvent): void => {
    const [x, y] = this.placeOf(event);
    const frame = this.drawn?.frames.find(
      ({ left, right, top, bottom }) => x >= left && x <= right && y >= top && y <= bottom,
    );
    if (frame === undefined || event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.drag = { frame, from: x, to: x };
  };

  private readonly onUp = (): void => {
    const { drag } = this;
    this.drag = undefined;
    if (drag === undefined || Math.abs(drag.to - drag.from) < LEAST_DRAG) return;
    const { frame } = drag;
    const ends = [valueAt(frame, drag.from), valueAt(frame, drag.to)].sort((a, b) => a - b);
    const [min = frame.min, max = frame.max] = ends;
    this.zoom = new Map([...this.zoom, [frame.panel, { min, max }]]);
  };

  private readonly showAll = (): void => {
    if (this.zoom.size > 0) this.zoom = new Map();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const last = (this.drawn?.spots.length ?? 0) - 1;
    if (event.key === "Escape") {
      if (this.spot < 0 && this.zoom.size === 0) return;
      this.spot = -1;
      this.showAll();
      event.preventDefault();
      return;
    }
    const by = event.shiftKey ? 10 : 1;
    const to = {
      ArrowRight: this.spot + by,
      ArrowDown: this.spot + by,
      ArrowLeft: this.spot < 0 ? last : this.spot - by,
      ArrowUp: this.spot < 0 ? last : this.spot - by,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined || last < 0) return;
    this.spot = Math.min(last, Math.max(0, to));
    event.preventDefault();
  };
}

/** The value of a panel's axis at a place of the figure. */
function valueAt({ left, right, min, max, isLog }: PanelFrame, x: number): number {
  const share = (x - left) / (right - left);
  return isLog ? min * (max / min) ** share : min + share * (max - min);
}

customElements.define("salsa-figure-plot", FigurePlot);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-figure-plot": FigurePlot;
  }
}
