import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { baseStyles } from "../parts/styles.ts";

/** An entry of a menu. */
export interface MenuItem {
  readonly label: string;
  /** State of a toggle; absent for other entries. */
  readonly isChecked?: boolean;
  run(): void;
}

/** A button with a menu, as ARIA describes it: arrows move, Enter runs, Escape closes. */
class Menu extends LitElement {
  static override readonly properties = { items: { attribute: false }, label: {}, isOpen: { state: true } };
  declare items: readonly MenuItem[];
  declare label: string;
  declare isOpen: boolean;

  constructor() {
    super();
    this.items = [];
    this.label = "";
    this.isOpen = false;
  }

  static override readonly styles = [
    baseStyles,
    css`
      :host {
        position: relative;
        display: inline-block;
      }
      .opener {
        display: inline-flex;
        align-items: center;
        justify-content: center;
        width: 22px;
        height: 22px;
        padding: 0;
        border: 0;
        border-radius: 5px;
        background: none;
        color: var(--vscode-icon-foreground);
        cursor: pointer;
      }
      .opener:hover,
      .opener[aria-expanded="true"] {
        background: var(--vscode-toolbar-hoverBackground);
        outline: 1px dashed var(--vscode-toolbar-hoverOutline, transparent);
      }
      [role="menu"] {
        position: absolute;
        z-index: 10;
        top: 100%;
        right: 0;
        min-width: 170px;
        padding: 4px;
        border: 1px solid var(--vscode-menu-border, var(--vscode-contrastBorder, transparent));
        border-radius: 5px;
        background: var(--vscode-menu-background);
        color: var(--vscode-menu-foreground);
        box-shadow: 0 2px 8px var(--vscode-widget-shadow, transparent);
      }
      .item {
        display: flex;
        align-items: center;
        gap: 6px;
        width: 100%;
        height: 24px;
        padding: 0 12px 0 6px;
        border: 0;
        border-radius: 3px;
        background: none;
        color: inherit;
        font: inherit;
        text-align: left;
        white-space: nowrap;
        cursor: pointer;
      }
      .item:hover,
      .item:focus {
        background: var(--vscode-menu-selectionBackground);
        color: var(--vscode-menu-selectionForeground);
        outline: 1px solid var(--vscode-menu-selectionBorder, transparent);
      }
      .item:focus {
        outline-color: var(--vscode-menu-selectionBorder, var(--vscode-focusBorder));
      }
      .item vscode-icon {
        --vscode-icon-foreground: currentColor;
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<button
        class="opener"
        aria-haspopup="menu"
        aria-expanded=${this.isOpen}
        aria-label=${this.label}
        title=${this.label}
        @click=${() => (this.isOpen ? this.close() : void this.open())}
      >
        <vscode-icon name="ellipsis"></vscode-icon>
      </button>
      ${this.isOpen ? this.list() : nothing}`;
  }

  private list(): TemplateResult {
    return html`<div role="menu" aria-label=${this.label} @keydown=${this.onKey} @focusout=${this.onFocusOut}>
      ${this.items.map(
        (item) =>
          html`<button
            class="item"
            role=${item.isChecked === undefined ? "menuitem" : "menuitemcheckbox"}
            aria-checked=${item.isChecked ?? nothing}
            tabindex="-1"
            @click=${() => {
              this.close();
              item.run();
            }}
          >
            <vscode-icon name=${item.isChecked === true ? "check" : "blank"}></vscode-icon>${item.label}
          </button>`,
      )}
    </div>`;
  }

  private async open(): Promise<void> {
    this.isOpen = true;
    await this.updateComplete;
    this.entries()[0]?.focus();
  }

  private close(): void {
    this.isOpen = false;
    this.renderRoot.querySelector<HTMLElement>(".opener")?.focus();
  }

  private entries(): readonly HTMLElement[] {
    return [...this.renderRoot.querySelectorAll<HTMLElement>(".item")];
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const entries = this.entries();
    const at = entries.findIndex((one) => one.matches(":focus"));
    const last = entries.length - 1;
    const to = { ArrowDown: at === last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (to !== undefined) entries[to]?.focus();
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  private readonly onFocusOut = (event: FocusEvent): void => {
    if (!(event.relatedTarget instanceof Node && this.renderRoot.contains(event.relatedTarget))) this.isOpen = false;
  };
}

customElements.define("salsa-menu", Menu);
