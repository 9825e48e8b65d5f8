import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { whenResized } from "../parts/observed.ts";

/** A tab. */
export interface Tab {
  readonly id: string;
  readonly label: string;
  /** Shown as a badge if above 0; `countLabel` names the unit. */
  readonly count?: number;
  readonly countLabel?: string;
}

/** A row of tabs as ARIA describes it: one stop of the tab key, arrows move and show. Fires `tab` with an id. */
class TabRow extends LitElement {
  static override readonly properties = { tabs: { attribute: false }, selected: {}, label: {} };
  declare tabs: readonly Tab[];
  declare selected: string;
  declare label: string;

  constructor() {
    super();
    this.tabs = [];
    this.selected = "";
    this.label = "";
    whenResized(this, () => this.reveal());
  }

  static override readonly styles = css`
    :host {
      display: block;
    }
    [role="tablist"] {
      display: flex;
      gap: 4px;
      overflow-x: auto;
      scrollbar-width: none;
    }
    [role="tab"] {
      display: inline-flex;
      align-items: center;
      gap: 6px;
      height: 32px;
      padding: 0 8px;
      border: 0;
      border-bottom: 2px solid transparent;
      background: none;
      color: var(--vscode-panelTitle-inactiveForeground);
      font: inherit;
      white-space: nowrap;
      cursor: pointer;
    }
    [role="tab"]:hover {
      color: var(--vscode-panelTitle-activeForeground);
    }
    [role="tab"][aria-selected="true"] {
      color: var(--vscode-panelTitle-activeForeground);
      border-bottom-color: var(--vscode-panelTitle-activeBorder);
    }
    [role="tab"]:focus-visible {
      outline: 1px solid var(--vscode-focusBorder);
      outline-offset: -2px;
    }
    @media (max-width: 640px) {
      [role="tablist"] {
        gap: 0;
      }
      [role="tab"] {
        padding: 0 4px;
        gap: 4px;
      }
    }
    .count {
      min-width: 18px;
      padding: 0 5px;
      border: 1px solid var(--vscode-contrastBorder, transparent);
      border-radius: 9px;
      background: var(--vscode-badge-background);
      color: var(--vscode-badge-foreground);
      font-size: 11px;
      line-height: 16px;
      text-align: center;
    }
  `;

  override render(): TemplateResult {
    return html`<div role="tablist" aria-label=${this.label} @keydown=${this.onKey}>
      ${this.tabs.map(
        ({ id, label, count = 0, countLabel }) =>
          html`<button
            role="tab"
            id="tab-${id}"
            aria-selected=${id === this.selected}
            tabindex=${id === this.selected ? 0 : -1}
            @click=${() => this.select(id)}
          >
            ${label}${count > 0 ? html`<span class="count" aria-label=${countLabel ?? nothing} role="img">${count}</span>` : nothing}
          </button>`,
      )}
    </div>`;
  }

  protected override updated(changed: PropertyValues<this>): void {
    if (changed.has("selected")) this.reveal();
  }

  /** Scrolls the row to the tab that is selected, also when it has become narrower. */
  private reveal(): void {
    this.renderRoot.querySelector(`[aria-selected="true"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const at = this.tabs.findIndex(({ id }) => id === this.selected);
    const last = this.tabs.length - 1;
    const to = { ArrowLeft: at === 0 ? last : at - 1, ArrowRight: at === last ? 0 : at + 1, Home: 0, End: last }[
      event.key
    ];
    const tab = to === undefined ? undefined : this.tabs[to];
    if (tab === undefined) return;
    event.preventDefault();
    this.select(tab.id);
    this.renderRoot.querySelector<HTMLElement>(`#tab-${tab.id}`)?.focus();
  };

  private select(id: string): void {
    this.dispatchEvent(new CustomEvent("tab", { detail: id }));
  }
}

customElements.define("salsa-tabs", TabRow);
