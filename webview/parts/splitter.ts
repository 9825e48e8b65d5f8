import { css, html, LitElement, type TemplateResult } from "lit";

/** Smallest share of either pane. */
const LEAST = 0.15;
const KEY_STEP = 0.05;

/** Requests a share of the height for the lower pane. */
export class SplitEvent extends Event {
  static readonly type = "split";
  readonly share: number;

  constructor(share: number) {
    super(SplitEvent.type);
    this.share = share;
  }
}

/** The line between an upper and a lower pane of one parent: dragged, or moved with arrow keys. */
export class Splitter extends LitElement {
  static override readonly styles = css`
    :host {
      display: block;
      flex: none;
      height: 8px;
    }
    div {
      height: 100%;
      cursor: ns-resize;
      touch-action: none;
      border-top: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.35)));
    }
    div:hover,
    div:focus-visible,
    div:active {
      outline: none;
      border-top: 3px solid var(--vscode-sash-hoverBorder, var(--vscode-focusBorder));
    }
  `;
  static override readonly properties = { share: { attribute: false }, label: { attribute: false } };
  declare share: number;
  declare label: string;

  protected override render(): TemplateResult {
    return html`<div
      role="separator"
      tabindex="0"
      aria-orientation="horizontal"
      aria-label=${this.label}
      aria-valuemin=${LEAST * 100}
      aria-valuemax=${100 - LEAST * 100}
      aria-valuenow=${Math.round(this.share * 100)}
      @keydown=${this.onKey}
      @pointerdown=${this.onDown}
      @pointermove=${this.onMove}
    ></div>`;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    this.tell(this.share + (event.key === "ArrowUp" ? KEY_STEP : -KEY_STEP));
  };

  private readonly onDown = (event: PointerEvent): void => {
    (event.target as HTMLElement).setPointerCapture(event.pointerId);
    event.preventDefault();
  };

  private readonly onMove = (event: PointerEvent): void => {
    const whole = this.parentElement ?? (this.getRootNode() as ShadowRoot).host;
    if (!(event.target as HTMLElement).hasPointerCapture(event.pointerId)) return;
    const { bottom, height } = whole.getBoundingClientRect();
    this.tell((bottom - event.clientY) / height);
  };

  private tell(share: number): void {
    this.dispatchEvent(new SplitEvent(Math.max(LEAST, Math.min(1 - LEAST, share))));
  }
}

customElements.define("salsa-splitter", Splitter);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-splitter": Splitter;
  }
}
