import "@vscode-elements/elements/dist/vscode-toolbar-button/index.js";
import { css, html, LitElement, type TemplateResult } from "lit";
import { t } from "../localize.ts";
import { styled } from "../parts/styled.ts";
import { baseStyles } from "../parts/styles.ts";
import { whenResized } from "../parts/observed.ts";

/** Least share of full size that a graph is shrunk to to be seen as a whole: below, nothing can be read. */
const LEAST_FIT = 0.4;
const SCALES = { least: 0.2, most: 2 } as const;
const STEP = 1.25;
/** A pinch of a trackpad comes as a wheel with many small turns. */
const PER_PIXEL = 0.002;

/**
 * A large drawing in a pane of its own: zoomed by buttons, by + − and 0, and by Ctrl or ⌘ with the wheel; moved by
 * dragging, arrow keys and scrolling. At first all of it is in sight, or, where that could not be read, all of its width.
 */
export class ZoomPane extends LitElement {
  static override readonly styles = [
    baseStyles,
    css`
      :host {
        position: relative;
      }
      .pane {
        max-height: max(320px, 70vh);
        overflow: auto;
        border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.35)));
        border-radius: 4px;
        cursor: grab;
      }
      .pane.dragged {
        cursor: grabbing;
        user-select: none;
      }
      .room {
        margin: 8px;
      }
      .content {
        transform-origin: 0 0;
      }
      .tools {
        display: flex;
        align-items: center;
        gap: 2px;
        margin-bottom: 4px;
      }
      output {
        min-width: 4ch;
        color: var(--vscode-descriptionForeground);
        font-variant-numeric: tabular-nums;
        text-align: right;
      }
    `,
  ];
  static override readonly properties = {
    width: { attribute: false },
    height: { attribute: false },
    label: { attribute: false },
    scale: { state: true },
    fitted: { state: true },
    dragged: { state: true },
  };
  /** Of the drawing at full size, in pixels. */
  declare width: number;
  declare height: number;
  declare label: string;
  /** Chosen by the reader; undefined shows all of it. */
  declare private scale: number | undefined;
  /** At which all of it is in sight. */
  declare private fitted: number;
  declare private dragged: boolean;
  private isPlaced = false;

  constructor() {
    super();
    this.fitted = 1;
    this.dragged = false;
    whenResized(this, () => this.fit());
  }

  protected override render(): TemplateResult {
    const scale = this.scale ?? this.fitted;
    const button = (icon: string, label: string, run: () => void): TemplateResult =>
      html`<vscode-toolbar-button icon=${icon} label=${label} title=${label} @click=${run}></vscode-toolbar-button>`;
    return html`<div class="tools" role="toolbar" aria-label=${t("Zoom")}>
        ${button("zoom-out", t("Zoom Out (−)"), () => this.zoom(scale / STEP))}
        ${button("zoom-in", t("Zoom In (+)"), () => this.zoom(scale * STEP))}
        ${button("screen-full", t("Show All (0)"), () => (this.scale = undefined))}
        <output>${Math.round(scale * 100)} %</output>
      </div>
      <div
        class=${this.dragged ? "pane dragged" : "pane"}
        role="region"
        tabindex="0"
        aria-label=${this.label}
        @wheel=${this.onWheel}
        @keydown=${this.onKey}
        @pointerdown=${this.onDown}
        @pointermove=${this.onMove}
        @pointerup=${this.onUp}
        @pointercancel=${this.onUp}
      >
        <div class="room" ${styled({ width: `${this.width * scale}px`, height: `${this.height * scale}px` })}>
          <div class="content" ${styled({ transform: `scale(${scale})`, width: `${this.width}px` })}><slot></slot></div>
        </div>
      </div>`;
  }

  protected override updated(): void {
    this.fit();
  }

  private fit(): void {
    const { pane } = this;
    if (pane === null || pane.clientWidth === 0) return;
    const most = Number.parseFloat(getComputedStyle(pane).maxHeight);
    const wide = (pane.clientWidth - 16) / this.width;
    const whole = Math.min(wide, (most - 16) / this.height);
    this.fitted = Math.min(1, Math.max(LEAST_FIT, whole < LEAST_FIT ? wide : whole));
    if (this.isPlaced) return;
    // Layers are centred: that is where the shortest of them are.
    this.isPlaced = true;
    void this.updateComplete.then(() => pane.scrollTo(0, (pane.scrollHeight - pane.clientHeight) / 2));
  }

  /** Zooms around a place of the pane, in pixels; around its middle when left out. */
  private zoom(wanted: number, at?: { readonly x: number; readonly y: number }): void {
    const { pane } = this;
    if (pane === null) return;
    const before = this.scale ?? this.fitted;
    const scale = Math.min(SCALES.most, Math.max(SCALES.least, wanted));
    const { x, y } = at ?? { x: pane.clientWidth / 2, y: pane.clientHeight / 2 };
    const [left, top] = [pane.scrollLeft + x, pane.scrollTop + y].map((place) => (place * scale) / before);
    this.scale = scale;
    void this.updateComplete.then(() => pane.scrollTo((left ?? 0) - x, (top ?? 0) - y));
  }

  private get pane(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(".pane");
  }

  private readonly onWheel = (event: WheelEvent): void => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { left, top } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const at = { x: event.clientX - left, y: event.clientY - top };
    this.zoom((this.scale ?? this.fitted) * Math.exp(-event.deltaY * PER_PIXEL), at);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const scale = this.scale ?? this.fitted;
    if (event.key === "+" || event.key === "=") this.zoom(scale * STEP);
    else if (event.key === "-") this.zoom(scale / STEP);
    else if (event.key === "0") this.scale = undefined;
    else return;
    event.preventDefault();
  };

  /** Drags begin on the ground: what lies on it is clicked. */
  private readonly onDown = (event: PointerEvent): void => {
    const isOnNode = event.composedPath().some((one) => one instanceof HTMLButtonElement);
    if (event.button !== 0 || event.pointerType === "touch" || isOnNode) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.dragged = true;
  };

  private readonly onMove = ({ movementX, movementY }: PointerEvent): void => {
    if (this.dragged) this.pane?.scrollBy(-movementX, -movementY);
  };

  private readonly onUp = (): void => {
    this.dragged = false;
  };
}

customElements.define("salsa-zoom-pane", ZoomPane);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-zoom-pane": ZoomPane;
  }
}
