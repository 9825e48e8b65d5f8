import { css, html, LitElement, type TemplateResult } from "lit";
import { t } from "../localize.ts";
import { styled } from "../parts/styled.ts";
import { baseStyles } from "../parts/styles.ts";

/** An alarm's place on the range. */
export interface StepMark {
  readonly step: number;
  readonly stage: string;
  readonly label: string;
}

/** Reports a new range; it is the whole one when both ends are undefined. */
export class StepRangeEvent extends Event {
  static readonly type = "step-range";
  readonly from: number | undefined;
  readonly to: number | undefined;

  constructor(from: number | undefined, to: number | undefined) {
    super(StepRangeEvent.type);
    this.from = from;
    this.to = to;
  }
}

/** Requests a step of a stage to be shown. */
export class StepMarkEvent extends Event {
  static readonly type = "step-mark";
  readonly step: number;
  readonly stage: string;

  constructor({ step, stage }: Pick<StepMark, "step" | "stage">) {
    super(StepMarkEvent.type, { bubbles: true, composed: true });
    this.step = step;
    this.stage = stage;
  }
}

/** Two thumbs on one line, with a mark at each alarm that leads to its step. */
export class StepRange extends LitElement {
  static override readonly styles = [
    baseStyles,
    css`
      :host {
        display: flex;
        align-items: center;
        gap: 8px;
        flex: 1;
        flex-wrap: wrap;
        min-width: min(260px, 100%);
        max-width: 560px;
      }
      .line {
        position: relative;
        flex: 1;
        height: 24px;
        min-width: 120px;
      }
      .rail,
      .part {
        position: absolute;
        top: 11px;
        height: 2px;
        left: 8px;
        right: 8px;
        background: var(--vscode-scrollbarSlider-background);
      }
      .part {
        left: calc(8px + var(--from) * (100% - 16px));
        right: calc(8px + (1 - var(--to)) * (100% - 16px));
        background: var(--vscode-focusBorder);
      }
      input {
        position: absolute;
        inset: 0;
        width: 100%;
        margin: 0;
        appearance: none;
        background: none;
        pointer-events: none;
      }
      input::-webkit-slider-thumb {
        appearance: none;
        width: 12px;
        height: 16px;
        border: 1px solid var(--vscode-contrastBorder, var(--vscode-button-background));
        border-radius: 3px;
        background: var(--vscode-button-background);
        pointer-events: auto;
        cursor: ew-resize;
      }
      /* Two thumbs share a line: which of them has the keyboard is shown at the thumb itself. */
      input:focus-visible {
        outline: none;
      }
      input:focus-visible::-webkit-slider-thumb {
        outline: 2px solid var(--vscode-focusBorder);
        outline-offset: 1px;
      }
      .mark {
        position: absolute;
        top: -5px;
        left: calc(8px + var(--at) * (100% - 16px) - 8px);
        width: 16px;
        height: 14px;
        padding: 2px;
        border: 0;
        background: none;
        cursor: pointer;
      }
      .mark::before {
        content: "";
        display: block;
        height: 100%;
        background: var(--vscode-editorWarning-foreground, var(--vscode-charts-yellow));
        clip-path: polygon(0 0, 100% 0, 50% 100%);
      }
      output {
        min-width: 84px;
        font-variant-numeric: tabular-nums;
        white-space: nowrap;
      }
    `,
  ];
  static override readonly properties = {
    first: { attribute: false },
    last: { attribute: false },
    from: { attribute: false },
    to: { attribute: false },
    marks: { attribute: false },
  };
  declare first: number;
  declare last: number;
  declare from: number | undefined;
  declare to: number | undefined;
  declare marks: readonly StepMark[];

  constructor() {
    super();
    this.first = 0;
    this.last = 0;
    this.marks = [];
  }

  protected override render(): TemplateResult {
    const [from, to] = [this.from ?? this.first, this.to ?? this.last];
    const share = (step: number): string =>
      String(this.last === this.first ? 0 : (step - this.first) / (this.last - this.first));
    const marks = this.marks.filter(({ step }) => step >= this.first && step <= this.last);
    return html`<span id="name">${t("Steps")}</span>
      <div class="line" ${styled({ "--from": share(from), "--to": share(to) })}>
        <div class="rail"></div>
        <div class="part"></div>
        ${this.thumb(t("First step"), from, (value) => this.tell(Math.min(value, to), to))}
        ${this.thumb(t("Last step"), to, (value) => this.tell(from, Math.max(value, from)))}
        ${marks.map(
          ({ step, stage, label }) =>
            html`<button
              class="mark"
              title=${label}
              aria-label=${label}
              @click=${() => this.dispatchEvent(new StepMarkEvent({ step, stage }))}
              ${styled({ "--at": share(step) })}
            ></button>`,
        )}
      </div>
      <output>${from === to ? t("step {0}", from) : t("{0} to {1}", from, to)}</output>`;
  }

  private thumb(label: string, value: number, moved: (value: number) => void): TemplateResult {
    return html`<input
      type="range"
      aria-label=${label}
      min=${this.first}
      max=${this.last}
      .value=${String(value)}
      @input=${({ target }: InputEvent) => moved(Number((target as HTMLInputElement).value))}
    />`;
  }

  private tell(from: number, to: number): void {
    const isWhole = from <= this.first && to >= this.last;
    this.dispatchEvent(isWhole ? new StepRangeEvent(undefined, undefined) : new StepRangeEvent(from, to));
    this.requestUpdate();
  }
}

customElements.define("salsa-step-range", StepRange);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-step-range": StepRange;
  }
}
