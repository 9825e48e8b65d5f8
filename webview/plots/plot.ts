import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { MetricEntry } from "../../engine/protocol/catalogue.ts";
import { BAND_DEFINITION, type FigureTheme, LEAST_FOR_INTERVAL } from "../../engine/figures/index.ts";
import { t } from "../localize.ts";
import type { DashboardModel } from "../model.ts";
import { short } from "../parts/format.ts";
import { baseStyles } from "../parts/styles.ts";
import { Chart, type ChartContent } from "./chart.ts";
import type { DrawnLine } from "./draw.ts";
import type { DrawQueue } from "./drawQueue.ts";
import { Gestures } from "./gestures.ts";
import { markersOf } from "./markers.ts";
import type { MenuItem } from "./menu.ts";
import { plotStyles } from "./plotStyles.ts";
import { nearest, PreparedCache } from "./prepared.ts";
import { loadedLines, type PlotSettings } from "./settings.ts";
import { type SharedAxis, type SharedCursor, zoomAround } from "./shared.ts";
import type { VisibilityTracker } from "./visibilityTracker.ts";
import { tooltip } from "./tooltip.ts";
import { placeText, readingsAt, summaryOf } from "./readings.ts";
import "./menu.ts";
import { whenResized } from "../parts/observed.ts";

/** Context shared by the plots of a view. */
export interface PlotContext {
  readonly model: DashboardModel;
  readonly settings: PlotSettings;
  readonly theme: FigureTheme;
  readonly queue: DrawQueue;
  readonly shared: SharedAxis;
  /** Tracks which plots are visible; the others are not drawn. */
  readonly sight: VisibilityTracker;
}

/** Milliseconds until an incomplete plot is redrawn the first time; each later pause is twice as long. */
const PART_PAUSE = 400;

/** One metric of the runs in focus: title, menu, chart, and an explanation of the band. */
class Plot extends LitElement {
  static override readonly properties = {
    metric: { attribute: false },
    context: { attribute: false },
    items: { attribute: false },
    isLarge: { attribute: "large", type: Boolean, reflect: true },
    lines: { state: true },
    cursor: { state: true },
    spoken: { state: true },
  };
  declare metric: MetricEntry;
  declare context: PlotContext;
  declare items: readonly MenuItem[];
  declare isLarge: boolean;
  /** As last drawn. */
  declare lines: readonly DrawnLine[] | undefined;
  /** Place of the tooltip, if it belongs to this plot. */
  declare cursor: SharedCursor | undefined;
  declare spoken: string;
  private isSeen = false;
  private readonly cache = new PreparedCache();
  private chart: Chart | undefined;
  private gestures: Gestures | undefined;
  private drawnSettings: readonly unknown[] = [];
  private drawn: { readonly content: ChartContent; readonly size: { width: number; height: number } } | undefined;
  /** True if more than the zoom may have changed since the last drawing. */
  private isStale = true;
  /** True if all of its lines were loaded at the last check. */
  isWhole = false;
  /** Earliest time of the next drawing while lines are missing, and the pause after that; milliseconds. */
  private partAt = -Infinity;
  private partPause = PART_PAUSE;
  private partTimer: ReturnType<typeof setTimeout> | undefined;
  private unlisten: (() => void) | undefined;

  static override readonly styles = [baseStyles, ...plotStyles];

  constructor() {
    super();
    whenResized(this, () => this.due());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.context.sight.observe(this);
    this.unlisten = this.context.shared.listen((what) => (what === "zoom" ? this.zoomMoved() : this.cursorMoved()));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.context.sight.unobserve(this);
    this.context.queue.remove(this.draw);
    this.unlisten?.();
    clearTimeout(this.partTimer);
    this.gestures?.release();
    this.gestures = undefined;
    this.chart?.destroy();
    this.chart = undefined;
    this.drawnSettings = [];
    this.drawn = undefined;
    this.isStale = true;
  }

  /** Set by the visibility tracker. */
  set seen(isSeen: boolean) {
    this.isSeen = isSeen;
    this.due();
  }

  override render(): TemplateResult {
    const { label, unit, name, description } = this.metric;
    const band = bandNote((this.lines ?? []).map(({ prepared }) => prepared.n));
    return html`<div class="head" title=${[label, description, name].filter(Boolean).join("\n")}>
        <h3>${label}</h3>
        <span class="unit">${unit === "" ? name : unit}</span>
        <salsa-menu .items=${this.items} .label=${t("Plot of {0}", label)}></salsa-menu>
      </div>
      <div
        class="chart"
        role="img"
        tabindex="0"
        aria-label=${summaryOf(this.metric, this.lines ?? [], this.context.settings.axis)}
        @keydown=${this.onKey}
        @blur=${() => (this.context.shared.cursor = undefined)}
      >
        ${this.lines?.length === 0 ? html`<div class="wait">${t("Nothing to show")}</div>` : nothing}
      </div>
      ${band === "" ? nothing : html`<p class="note" title=${BAND_DEFINITION}>${band}</p>`}
      <div class="visually-hidden" aria-live="polite">${this.spoken}</div>
      ${tooltip(this.cursor, this.lines ?? [], this.context.settings.axis)}`;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("context") || changed.has("metric") || changed.has("isLarge")) this.due();
  }

  private due(): void {
    this.isStale = true;
    if (this.isSeen) this.context.queue.add(this.draw);
  }

  private readonly draw = (): void => {
    if (this.isStale) this.drawAnew();
    else this.drawZoomed();
  };

  private drawAnew(): void {
    const { model, settings, theme, shared } = this.context;
    const { name } = this.metric;
    const loaded = loadedLines(model, name, { settings, theme });
    this.isWhole = loaded.every(({ isWhole }) => isWhole);
    if (this.isWhole) this.partPause = PART_PAUSE;
    else if (loaded.every(({ curves }) => curves.length === 0) || !this.mayDrawPart()) return;
    this.isStale = false;
    const preparation = { axis: settings.axis, smoothing: settings.smoothing, bounds: this.metric.bounds };
    const lines = loaded
      .filter(({ curves }) => curves.length > 0)
      .map(({ key, title, look, curves, ends }) => ({
        ...{ key, title, look },
        prepared: this.cache.get(key, curves, preparation, ends),
      }));
    const host = this.renderRoot.querySelector<HTMLElement>(".chart");
    if (host === null) return;
    const scale = { isLog: settings.isLog(name), isClipped: settings.isClipped };
    const markers = markersOf(model, loaded, { axis: settings.axis, host });
    const size = { width: host.clientWidth, height: host.clientHeight };
    const content: ChartContent = {
      lines,
      markers,
      axis: settings.axis,
      scale,
      zoom: shared.zoom,
      isLabelled: this.isLarge,
    };
    if (!this.isNew(content, size, theme)) return;
    this.chart ??= new Chart(host, { moved: this.onMoved, zoomed: (range) => (shared.zoom = range) });
    this.gestures ??= new Gestures(host, { shared, chart: this.chart, moved: this.onMoved });
    this.chart.draw(content, size);
    this.drawn = { content, size };
    this.lines = lines;
  }

  /** Redraws with a new zoom only: nothing else changes while the user zooms and pans. */
  private drawZoomed(): void {
    const { drawn, chart } = this;
    const { zoom } = this.context.shared;
    if (drawn === undefined || chart === undefined || drawn.content.zoom === zoom) return;
    this.drawn = { ...drawn, content: { ...drawn.content, zoom } };
    chart.draw(this.drawn.content, drawn.size);
  }

  /** True if an incomplete plot may be drawn now, else schedules a retry: redrawing for each line delays the rest. */
  private mayDrawPart(): boolean {
    const now = performance.now();
    clearTimeout(this.partTimer);
    if (now < this.partAt) {
      this.partTimer = setTimeout(() => this.due(), this.partAt - now);
      return false;
    }
    this.partAt = now + this.partPause;
    this.partPause *= 2;
    return true;
  }

  /** True if anything drawn differs from the last time; a run's progress alone changes nothing. */
  private isNew(
    { lines, markers, axis, scale, zoom, isLabelled }: ChartContent,
    size: { width: number; height: number },
    theme: FigureTheme,
  ): boolean {
    const now = [
      ...lines.flatMap(({ prepared, title, look }) => [prepared, title, look.color, look.dash, look.shape]),
      JSON.stringify([markers, axis, scale, size, isLabelled, getComputedStyle(this).color]),
      theme,
    ];
    const isSame = now.length === this.drawnSettings.length && now.every((one, at) => one === this.drawnSettings[at]);
    this.drawnSettings = now;
    return !isSame || zoom !== this.drawn?.content.zoom;
  }

  private zoomMoved(): void {
    if (!this.isSeen) return;
    if (this.cursor === undefined) this.context.queue.add(this.draw);
    else this.context.queue.addFirst(this.draw);
  }

  private cursorMoved(): void {
    const { cursor } = this.context.shared;
    if (this.isSeen) this.chart?.point(cursor?.x);
    this.cursor = cursor?.metric === this.metric.name ? cursor : undefined;
  }

  private readonly onMoved = (x: number | undefined, event: MouseEvent | undefined): void => {
    const { shared } = this.context;
    shared.cursor =
      x === undefined || event === undefined
        ? undefined
        : { x, metric: this.metric.name, left: event.clientX, top: event.clientY };
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { chart, lines = [] } = this;
    const { shared } = this.context;
    if (chart === undefined) return;
    const range = shared.zoom ?? chart.whole();
    const middle = shared.cursor?.x ?? (range.min + range.max) / 2;
    if (event.key === "+" || event.key === "=") shared.zoom = zoomAround(range, middle, 0.5, chart.whole());
    else if (event.key === "-") shared.zoom = zoomAround(range, middle, 2, chart.whole());
    else if (event.key === "0") shared.zoom = undefined;
    else if (event.key === "Escape") shared.cursor = undefined;
    else if (!this.moveCursor(event, lines)) return;
    event.preventDefault();
  };

  /** Moves the cursor from point to point of the longest line. */
  private moveCursor({ key, shiftKey }: KeyboardEvent, lines: readonly DrawnLine[]): boolean {
    const { chart } = this;
    const { shared, settings } = this.context;
    const [first, ...others] = lines.map(({ prepared }) => prepared.main);
    if (first === undefined || chart === undefined) return false;
    const longest = others.reduce((best, one) => (one.x.length > best.x.length ? one : best), first);
    const last = longest.x.length - 1;
    const at = shared.cursor === undefined ? -1 : nearest(longest, shared.cursor.x);
    const by = shiftKey ? Math.max(1, Math.round(last / 20)) : 1;
    const to = { ArrowLeft: at < 0 ? last : at - by, ArrowRight: at + by, Home: 0, End: last }[key];
    if (to === undefined) return false;
    const x = longest.x[Math.min(last, Math.max(0, to))] ?? 0;
    const place = chart.pageX(x) ?? { left: 0, top: 0 };
    shared.cursor = { x, metric: this.metric.name, ...place };
    const told = readingsAt(lines, x).map(({ title, value }) => `${title} ${short(value)}`);
    this.spoken = `${placeText(x, settings.axis)}: ${told.join(", ")}`;
    return true;
  }
}

/** Describes the bands of lines over so many seeds in short; empty if no line has several. */
function bandNote(counts: readonly number[]): string {
  const several = counts.filter((n) => n > 1);
  if (several.length === 0) return "";
  const [least, most] = [Math.min(...several), Math.max(...several)];
  if (most < LEAST_FOR_INTERVAL) return t("Mean of {0} seeds; band: from the least to the greatest of them", most);
  if (least >= LEAST_FOR_INTERVAL) {
    return t("Mean of {0} seeds; band: 95 % Student-t interval of the mean, ± t(n − 1)·s/√n", most);
  }
  return t("Mean over seeds; band: 95 % Student-t interval of the mean, of fewer than 4 seeds their range");
}

customElements.define("salsa-plot", Plot);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-plot": Plot;
  }
}
