import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { MetricEntry } from "../../engine/protocol/catalogue.ts";
import { BAND_DEFINITION, type FigureTheme } from "../../engine/protocol/figures/index.ts";
import { t } from "../localize.ts";
import type { DashboardModel } from "../model.ts";
import { short } from "../parts/format.ts";
import { styled } from "../parts/styled.ts";
import { baseStyles } from "../parts/styles.ts";
import { Chart, type ChartContent } from "./chart.ts";
import type { DrawnLine } from "./draw.ts";
import type { DrawQueue } from "./drawQueue.ts";
import { markersOf } from "./markers.ts";
import type { MenuItem } from "./menu.ts";
import { plotStyles } from "./plotStyles.ts";
import { nearest, PreparedCache } from "./prepared.ts";
import { loadedLines, type PlotSettings } from "./settings.ts";
import { type SharedAxis, zoomAround } from "./shared.ts";
import { swatch } from "./swatch.ts";
import { placeText, type Reading, readingsAt, summaryOf } from "./readings.ts";
import "./menu.ts";

/** What the plots of a view have in common. */
export interface PlotContext {
  readonly model: DashboardModel;
  readonly settings: PlotSettings;
  readonly theme: FigureTheme;
  readonly queue: DrawQueue;
  readonly shared: SharedAxis;
  /** Tells whether a plot can be seen; the others are not drawn. */
  readonly watcher: IntersectionObserver;
}

/** Lines that the tooltip lists at most, nearest to the cursor's end of the order. */
const MOST_READINGS = 16;

/** One metric of the runs in focus: title, menu, chart, and what the band is. */
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
  /** Where the tooltip is, if it is here. */
  declare cursor: { readonly x: number; readonly left: number; readonly top: number } | undefined;
  declare spoken: string;
  private isSeen = false;
  private readonly cache = new PreparedCache();
  private chart: Chart | undefined;
  private drawnSettings: readonly unknown[] = [];
  private resized: ResizeObserver | undefined;
  private unlisten: (() => void) | undefined;

  static override readonly styles = [baseStyles, ...plotStyles];

  override connectedCallback(): void {
    super.connectedCallback();
    this.context.watcher.observe(this);
    this.unlisten = this.context.shared.listen((what) => (what === "zoom" ? this.zoomMoved() : this.cursorMoved()));
    this.resized = new ResizeObserver(() => this.due());
    this.resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.context.watcher.unobserve(this);
    this.context.queue.remove(this.draw);
    this.unlisten?.();
    this.resized?.disconnect();
    this.chart?.destroy();
    this.chart = undefined;
    this.drawnSettings = [];
  }

  /** Told by the watcher. */
  set seen(isSeen: boolean) {
    this.isSeen = isSeen;
    this.due();
  }

  override render(): TemplateResult {
    const { label, unit, name, description } = this.metric;
    const nSeeds = Math.max(0, ...(this.lines ?? []).map(({ prepared }) => prepared.n));
    return html`<div class="head" title=${`${description}${description === "" ? "" : "\n"}${name}`}>
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
      ${
        nSeeds > 1
          ? html`<p class="note" title=${BAND_DEFINITION}>
              ${t("Mean of {0} seeds; band: 95 % Student-t interval of the mean, ± t(n − 1)·s/√n", nSeeds)}
            </p>`
          : nothing
      }
      <div class="visually-hidden" aria-live="polite">${this.spoken}</div>
      ${this.tooltip()}`;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("context") || changed.has("metric") || changed.has("isLarge")) this.due();
  }

  private due(): void {
    if (this.isSeen) this.context.queue.add(this.draw);
  }

  private readonly draw = (): void => {
    const { model, settings, theme, shared } = this.context;
    const { name } = this.metric;
    const loaded = loadedLines(model, name, { settings, theme });
    if (loaded.some(({ isWhole }) => !isWhole) && loaded.every(({ curves }) => curves.length === 0)) return;
    const lines = loaded
      .filter(({ curves }) => curves.length > 0)
      .map(({ key, title, look, curves }) => ({ key, title, look, prepared: this.cache.get(key, curves, settings) }));
    const host = this.renderRoot.querySelector<HTMLElement>(".chart");
    if (host === null) return;
    const scale = { isLog: settings.isLog(name), isClipped: settings.isClipped };
    const markers = markersOf(model, loaded, { axis: settings.axis, host });
    const size = { width: host.clientWidth, height: host.clientHeight };
    const content: ChartContent = { lines, markers, axis: settings.axis, scale, zoom: shared.zoom };
    if (!this.isNew(content, size, theme)) return;
    this.chart ??= new Chart(host, { moved: this.onMoved, zoomed: (range) => (shared.zoom = range) });
    this.chart.draw(content, size);
    this.lines = lines;
  };

  /** Whether something that is drawn differs from the last time; a run's progress alone does not. */
  private isNew(
    { lines, markers, axis, scale, zoom }: ChartContent,
    size: { width: number; height: number },
    theme: FigureTheme,
  ): boolean {
    const now = [
      ...lines.flatMap(({ prepared, look }) => [prepared, look.color, look.dash]),
      JSON.stringify([markers, axis, scale, zoom, size, getComputedStyle(this).color]),
      theme,
    ];
    const isSame = now.length === this.drawnSettings.length && now.every((one, at) => one === this.drawnSettings[at]);
    this.drawnSettings = now;
    return !isSame;
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

  private tooltip(): TemplateResult | typeof nothing {
    const { cursor, lines = [] } = this;
    if (cursor === undefined || lines.length === 0) return nothing;
    const readings = readingsAt(lines, cursor.x);
    const shown = readings.slice(0, MOST_READINGS);
    const isRight = cursor.left > window.innerWidth / 2;
    const isLow = cursor.top > window.innerHeight * 0.6;
    const style = {
      [isRight ? "right" : "left"]: `${isRight ? window.innerWidth - cursor.left + 14 : cursor.left + 14}px`,
      [isLow ? "bottom" : "top"]: `${isLow ? window.innerHeight - cursor.top + 10 : cursor.top + 10}px`,
    };
    const row = ({ title, look, value }: Reading): TemplateResult =>
      html`<tr>
        <td>${swatch(look)}</td>
        <td>${title}</td>
        <td>${short(value)}</td>
      </tr>`;
    const rest = readings.length - shown.length;
    return html`<div class="tooltip" aria-hidden="true" ${styled(style)}>
      <strong>${placeText(readings[0]?.at ?? cursor.x, this.context.settings.axis)}</strong>
      <table>
        <tbody>
          ${shown.map(row)}
        </tbody>
      </table>
      ${rest > 0 ? html`<span class="muted">${t("and {0} more", rest)}</span>` : nothing}
    </div>`;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const { chart, lines = [] } = this;
    const { shared } = this.context;
    if (chart === undefined) return;
    const range = chart.range();
    const middle = shared.cursor?.x ?? (range.min + range.max) / 2;
    if (event.key === "+" || event.key === "=") shared.zoom = zoomAround(range, middle, 0.5);
    else if (event.key === "-") shared.zoom = zoomAround(range, middle, 2);
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

customElements.define("salsa-plot", Plot);
