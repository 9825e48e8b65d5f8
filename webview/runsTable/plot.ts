import { css, html, LitElement, nothing, type PropertyValues, svg, type TemplateResult } from "lit";
import { lookAt } from "../../engine/figures/index.ts";
import { ownValue } from "../../engine/common/dictionary.ts";
import { N_COLORS, type Palette, withPlaces } from "../../engine/protocol/palette.ts";
import type { LayoutPlot, TableView } from "../../engine/protocol/runsLayout.ts";
import { t } from "../localize.ts";
import { emptyNotice } from "../parts/notice.ts";
import { baseStyles, noticeStyles } from "../parts/styles.ts";
import { themeOf } from "../plots/looks.ts";
import { swatch } from "../plots/swatch.ts";
import { type RunsColumn, cellText } from "./columns.ts";
import { heatMap } from "./heatMap.ts";
import type { PlotItem } from "./items.ts";
import { LEAST_BETWEEN, type StandingAxis, parallel } from "./parallel.ts";
import { MARGIN, type PlacedItem, type PlotSpace, varying } from "./plotParts.ts";
import type { ModelRow } from "./rows.ts";
import { scatter } from "./scatter.ts";
import { whenResized } from "../parts/observed.ts";

/** Lines and points that are drawn: more are a blot, and take longer than a frame. */
const MOST_DRAWN = 2000;
/** Models that the legend names. */
const MOST_NAMED = 24;
/** Pixels of a line of the legend, of a name's swatch with the room around it, and of a letter. */
const LEGEND = { line: 22, mark: 44, letter: 8 } as const;
/** The pointer shows the nearest place within this many pixels. */
const NEAR = 24;
/** Shorter drags are clicks. */
const LEAST_DRAG = 6;

/** Asks for the rows of an item to be selected, or no longer. */
export class PickEvent extends Event {
  static readonly type = "pick";
  readonly keys: readonly string[];

  constructor(keys: readonly string[]) {
    super(PickEvent.type);
    this.keys = keys;
  }
}

/** Asks for the rows alone whose values lie in a stretch of an axis. */
export class BrushEvent extends Event {
  static readonly type = "brush";
  readonly column: string;
  readonly from: number;
  readonly to: number;

  constructor(column: string, from: number, to: number) {
    super(BrushEvent.type);
    this.column = column;
    this.from = from;
    this.to = to;
  }
}

/** A plot of the rows: a scatter plot, parallel coordinates or a heat map. */
class RunsPlot extends LitElement {
  static override readonly properties = {
    view: { attribute: false },
    rows: { attribute: false },
    items: { attribute: false },
    columns: { attribute: false },
    plot: { attribute: false },
    palette: { attribute: false },
    selected: { attribute: false },
    pointed: { state: true },
    size: { state: true },
    drag: { state: true },
  };
  declare view: TableView;
  declare rows: readonly ModelRow[];
  /** Rows or groups. */
  declare items: readonly PlotItem[];
  /** Those of the table. */
  declare columns: readonly RunsColumn[];
  declare plot: LayoutPlot;
  declare palette: Palette;
  declare selected: ReadonlySet<string>;
  declare private pointed: number;
  declare private size: { readonly width: number; readonly height: number };
  declare private drag: { readonly axis: StandingAxis; readonly from: number; readonly to: number } | undefined;
  private placed: readonly PlacedItem[] = [];
  private drawn: readonly PlotItem[] = [];
  private axes: readonly StandingAxis[] = [];
  private places: Palette = {};

  static override readonly styles = [
    baseStyles,
    noticeStyles,
    css`
      :host {
        display: block;
        position: relative;
        overflow: auto;
      }
      svg {
        display: block;
      }
      text {
        fill: var(--vscode-descriptionForeground);
        font-size: 11px;
      }
      text.name {
        fill: var(--vscode-foreground);
        font-size: 12px;
        font-weight: 600;
      }
      text.in {
        fill: revert-layer;
        pointer-events: none;
      }
      .small {
        font-size: 10px;
      }
      .axis line {
        stroke: var(--vscode-descriptionForeground);
      }
      .axis line.grid {
        stroke: var(--vscode-editorWidget-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.3)));
        stroke-opacity: 0.6;
      }
      .onLines {
        paint-order: stroke;
        stroke: var(--vscode-editor-background);
        stroke-width: 3px;
      }
      .mark {
        stroke: var(--vscode-editor-background);
      }
      .mark.selected {
        stroke: var(--vscode-focusBorder);
        stroke-width: 2.5;
      }
      .lines path {
        fill: none;
        stroke-width: 1.5;
        stroke-opacity: 0.7;
      }
      .lines.some path:not(.selected):not(.pointed) {
        stroke-opacity: 0.18;
      }
      .lines path.selected,
      .lines path.pointed {
        stroke-width: 3;
        stroke-opacity: 1;
      }
      .selected .box,
      .pointed .box {
        stroke: var(--vscode-focusBorder);
        stroke-width: 3;
      }
      .grip {
        fill: transparent;
        cursor: ns-resize;
      }
      .brush {
        fill: var(--vscode-focusBorder);
        fill-opacity: 0.3;
      }
      [role="img"] {
        touch-action: none;
      }
      .legend {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 14px;
        min-height: 22px;
        padding-left: 6px;
      }
      .legend svg {
        display: inline;
      }
      .tip {
        position: sticky;
        bottom: 0;
        left: 0;
        width: fit-content;
        max-width: 100%;
        padding: 2px 8px;
        border: 1px solid var(--vscode-editorHoverWidget-border, var(--vscode-contrastBorder, transparent));
        color: var(--vscode-editorHoverWidget-foreground, var(--vscode-foreground));
        background: var(--vscode-editorHoverWidget-background, var(--vscode-editor-background));
      }
    `,
  ];

  constructor() {
    super();
    this.pointed = -1;
    this.size = { width: 0, height: 0 };
    this.rows = [];
    this.items = [];
    this.columns = [];
    this.plot = {};
    this.palette = {};
    this.selected = new Set();
    whenResized(this, () => (this.size = { width: this.clientWidth, height: this.clientHeight }));
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("rows") || changed.has("palette")) {
      const names = [...new Set(this.rows.flatMap(({ model }) => model ?? []))].sort();
      this.places = withPlaces(
        this.palette,
        names.map((name) => ({ name, isArm: true })),
      );
    }
    if (changed.has("view") || changed.has("items")) this.pointed = -1;
  }

  protected override render(): TemplateResult | typeof nothing {
    const { width, height } = this.size;
    if (width === 0) return nothing;
    const picture = this.picture({
      width: Math.max(width - 2, this.leastWidth),
      height: Math.max(height - (this.view === "heatMap" ? 30 : 32 + this.legendHeight(width)), 220),
      lookOf: (model) => lookAt(themeOf(document.body), model === undefined ? -1 : (ownValue(this.places, model) ?? 0)),
      shapeOf: (model) => this.shapeOf(model),
      selected: this.selected,
      pointed: this.pointed,
    });
    if (picture === undefined) {
      return emptyNotice({
        icon: "graph-scatter",
        title: t("Nothing to draw"),
        text: t("The columns of the plot have no numbers in these rows. Show other columns, or widen the filter."),
      });
    }
    const hidden = this.items.length - MOST_DRAWN;
    return html`${picture} ${this.view === "heatMap" ? nothing : this.legend()}
      <div class="tip" role="status">
        ${this.tipText()}
        ${hidden > 0 && this.view !== "heatMap" ? html`<span class="muted">${t("{0} more rows are not drawn", hidden)}</span>` : nothing}
      </div>`;
  }

  private get leastWidth(): number {
    return this.view === "parallel" ? MARGIN.left + MARGIN.right + LEAST_BETWEEN * this.parallelColumns.length : 320;
  }

  /** Texts for people, and columns in which all rows agree, would say nothing. */
  private get parallelColumns(): readonly RunsColumn[] {
    const isUseful = ({ id, kind }: RunsColumn): boolean =>
      kind !== "tags" && kind !== "date" && id !== "run.id" && id !== "run.note" && id !== "run.problem";
    return varying(this.items, this.columns.filter(isUseful));
  }

  private picture(space: PlotSpace): TemplateResult | undefined {
    const made = this.made(space);
    if (made === undefined || this.placed.length === 0) return undefined;
    const label = t("{0}. Arrow keys move through its rows, Enter selects.", this.caption);
    return html`<svg
      role="img"
      tabindex="0"
      aria-label=${label}
      width=${space.width}
      height=${space.height}
      @pointermove=${this.onMove}
      @pointerleave=${() => (this.pointed = -1)}
      @pointerdown=${this.onDown}
      @pointerup=${this.onUp}
      @keydown=${this.onKey}
    >
      ${made} ${this.brush()}
    </svg>`;
  }

  private made(space: PlotSpace): TemplateResult | undefined {
    const items = this.items.slice(0, MOST_DRAWN);
    const by = (id: string | undefined): RunsColumn | undefined => this.columns.find((column) => column.id === id);
    const { x, y, value } = { x: by(this.plot.x), y: by(this.plot.y), value: by(this.plot.value) };
    this.axes = [];
    this.placed = [];
    if (this.view === "parallel") {
      const made = parallel(items, this.parallelColumns, space);
      [this.placed, this.axes, this.drawn] = [made.placed, made.axes, items];
      return made.picture;
    }
    if (x === undefined || y === undefined) return undefined;
    if (this.view === "scatter") {
      const made = scatter(items, { x, y }, space);
      [this.placed, this.drawn] = [made.placed, items];
      return made.picture;
    }
    if (value === undefined) return undefined;
    const made = heatMap(this.rows, { x, y, value }, space);
    [this.placed, this.drawn] = [made.placed, made.items];
    return made.picture;
  }

  private get caption(): string {
    switch (this.view) {
      case "parallel":
        return t("Parallel coordinates of {0} rows", this.items.length);
      case "heatMap":
        return t("Heat map of {0} rows", this.rows.length);
      case "scatter":
      case "table":
        return t("Scatter plot of {0} rows", this.items.length);
    }
  }

  /** Room for the legend, about: it is laid out only when it is drawn. */
  private legendHeight(width: number): number {
    const names = [...new Set(this.items.flatMap(({ model }) => model ?? []))].slice(0, MOST_NAMED);
    const taken = names.reduce((sum, name) => sum + LEGEND.mark + name.length * LEGEND.letter, 0);
    return LEGEND.line * Math.max(1, Math.ceil(taken / width));
  }

  /** Colours of models: arms have theirs in every view. */
  private legend(): TemplateResult {
    const names = [...new Set(this.drawn.flatMap(({ model }) => model ?? []))].sort();
    const theme = themeOf(document.body);
    return html`<div class="legend">
      ${names.slice(0, MOST_NAMED).map(
        (name) =>
          html`<span
            >${swatch({
              ...lookAt(theme, ownValue(this.places, name) ?? 0),
              ...(this.view === "scatter" && { dash: [] }),
              shape: this.view === "scatter" ? this.shapeOf(name) : undefined,
            })}
            ${name}</span
          >`,
      )}
      ${names.length > MOST_NAMED ? html`<span class="muted">${t("{0} more", names.length - MOST_NAMED)}</span>` : nothing}
    </div>`;
  }

  private shapeOf(model: string | undefined): number {
    return Math.floor(((model === undefined ? undefined : ownValue(this.places, model)) ?? 0) / N_COLORS);
  }

  private tipText(): string {
    const item = this.drawn[this.pointed];
    if (item === undefined) {
      return this.view === "parallel"
        ? t("Point at a line; click selects it; drag along an axis to filter")
        : t("Point at a mark; click selects it");
    }
    if (this.view === "heatMap") return item.name;
    const shown =
      this.view === "parallel"
        ? this.parallelColumns
        : this.columns.filter(({ id }) => id === this.plot.x || id === this.plot.y);
    const values = shown.map((column) => `${column.label} ${cellText(column, item.value(column)) || "–"}`);
    return [item.name, ...values].join(" · ");
  }

  private brush(): TemplateResult | typeof nothing {
    if (this.drag === undefined) return nothing;
    const { axis, from, to } = this.drag;
    return svg`<rect
      class="brush"
      x=${axis.x - 8}
      width="16"
      y=${Math.min(from, to)}
      height=${Math.abs(to - from)}
    ></rect>`;
  }

  private placeOf(event: PointerEvent): readonly [number, number] {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  private readonly onMove = (event: PointerEvent): void => {
    const [x, y] = this.placeOf(event);
    if (this.drag !== undefined) {
      this.drag = { ...this.drag, to: y };
      return;
    }
    const own = (event.target as Element).getAttribute("data-item");
    this.pointed = own === null ? this.nearest(x, y) : Number(own);
  };

  private nearest(x: number, y: number): number {
    if (this.view === "heatMap") return -1;
    let [nearest, distance] = [-1, NEAR];
    for (const one of this.placed) {
      const away = Math.hypot(one.x - x, one.y - y);
      if (away < distance) [nearest, distance] = [one.index, away];
    }
    return nearest;
  }

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const id = (event.target as Element).closest("[data-column]")?.getAttribute("data-column");
    const axis = this.axes.find(({ column }) => column.id === id);
    const [, y] = this.placeOf(event);
    if (axis?.valueAt(y) === undefined) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.drag = { axis, from: y, to: y };
  };

  private readonly onUp = (): void => {
    const { drag } = this;
    this.drag = undefined;
    if (drag === undefined || Math.abs(drag.to - drag.from) < LEAST_DRAG) {
      this.pick();
      return;
    }
    const ends = [drag.axis.valueAt(drag.from) ?? 0, drag.axis.valueAt(drag.to) ?? 0].sort((a, b) => a - b);
    const [from = 0, to = 0] = ends.map((end) => Number(end.toPrecision(4)));
    this.dispatchEvent(new BrushEvent(drag.axis.column.id, from, to));
  };

  private pick(): void {
    const item = this.drawn[this.pointed];
    if (item !== undefined) this.dispatchEvent(new PickEvent(item.keys));
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const last = this.drawn.length - 1;
    if (event.key === "Enter" || event.key === " ") this.pick();
    else if (event.key === "ArrowRight" || event.key === "ArrowDown") this.pointed = Math.min(last, this.pointed + 1);
    else if (event.key === "ArrowLeft" || event.key === "ArrowUp") this.pointed = Math.max(0, this.pointed - 1);
    else if (event.key === "Escape" && this.pointed >= 0) this.pointed = -1;
    else return;
    event.preventDefault();
  };
}

customElements.define("salsa-runs-plot", RunsPlot);
