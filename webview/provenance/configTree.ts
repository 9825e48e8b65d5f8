import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { t } from "../localize.ts";
import { marked } from "../parts/matches.ts";
import { styled } from "../parts/styled.ts";
import { baseStyles } from "../parts/styles.ts";
import type { ConfigNode, Relation } from "./configDifferences.ts";
import { type TreeRow, valueText, visibleRows } from "./visibleRows.ts";

const RELATION_ICONS: Readonly<Record<Exclude<Relation, "same">, string>> = {
  changed: "diff-modified",
  onlyHere: "diff-added",
  onlyThere: "diff-removed",
};

/** Requests to open or close a section. */
export class SectionEvent extends Event {
  static readonly type = "toggle-section";
  readonly path: string;
  readonly isOpen: boolean;

  constructor(path: string, isOpen: boolean) {
    super(SectionEvent.type);
    this.path = path;
    this.isOpen = isOpen;
  }
}

/** A resolved config as a tree, where two are compared with both values. */
export class ConfigTree extends LitElement {
  static override readonly styles = [
    baseStyles,
    css`
      .tree {
        border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
        border-radius: 4px;
        overflow-x: auto;
      }
      .row {
        display: grid;
        grid-template-columns: minmax(220px, 1fr) minmax(120px, 1fr);
        min-height: 22px;
        line-height: 22px;
        cursor: default;
      }
      .compared .row {
        grid-template-columns: minmax(220px, 1.2fr) minmax(120px, 1fr) minmax(120px, 1fr);
      }
      .head {
        font-weight: 600;
        border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
      }
      .row:not(.head):hover {
        background: var(--vscode-list-hoverBackground);
      }
      .tree:focus-visible .active {
        color: var(--vscode-list-activeSelectionForeground);
        background: var(--vscode-list-activeSelectionBackground);
        outline: 1px solid var(--vscode-list-focusOutline, transparent);
        outline-offset: -1px;
      }
      .cell {
        min-width: 0;
        padding: 0 8px;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .key {
        display: flex;
        gap: 2px;
        align-items: center;
        padding-left: calc(4px + (var(--level) - 1) * 14px);
      }
      .twistie {
        display: inline-flex;
        width: 16px;
        flex: none;
      }
      .relation {
        display: inline-flex;
        margin-left: auto;
      }
      .changed .here,
      .onlyHere .here {
        background: var(--vscode-diffEditor-insertedLineBackground, transparent);
        outline: 1px dashed var(--vscode-diffEditor-insertedTextBorder, transparent);
        outline-offset: -1px;
      }
      .changed .there,
      .onlyThere .there {
        background: var(--vscode-diffEditor-removedLineBackground, transparent);
        outline: 1px dashed var(--vscode-diffEditor-removedTextBorder, transparent);
        outline-offset: -1px;
      }
    `,
  ];
  static override readonly properties = {
    nodes: { attribute: false },
    search: { attribute: false },
    onlyDifferences: { attribute: false },
    here: { attribute: false },
    there: { attribute: false },
    toggled: { attribute: false },
    active: { state: true },
  };
  declare nodes: readonly ConfigNode[];
  declare search: string;
  declare onlyDifferences: boolean;
  /** Name of the run. */
  declare here: string;
  /** Name of the run it is compared with. */
  declare there: string | undefined;
  /** Sections that the user has opened or closed. */
  declare toggled: Iterable<readonly [path: string, isOpen: boolean]>;
  declare private active: number;

  constructor() {
    super();
    this.nodes = [];
    this.search = "";
    this.onlyDifferences = false;
    this.here = "";
    this.toggled = [];
    this.active = 0;
  }

  protected override render(): TemplateResult {
    const rows = this.rows();
    const active = Math.min(this.active, rows.length - 1);
    return html`<div
      class="tree ${this.there === undefined ? "" : "compared"}"
      role="treegrid"
      tabindex="0"
      aria-label=${t("Resolved config")}
      aria-rowcount=${rows.length + 1}
      aria-activedescendant=${rows.length > 0 ? `row-${active}` : nothing}
      @keydown=${this.onKey}
    >
      <div class="row head" role="row" aria-rowindex="1">
        <div class="cell" role="columnheader">${t("Setting")}</div>
        <div class="cell" role="columnheader">${this.there === undefined ? t("Value") : this.here}</div>
        ${this.there === undefined ? nothing : html`<div class="cell" role="columnheader">${this.there}</div>`}
      </div>
      ${rows.map((row, index) => this.row(row, index, index === active))}
    </div>`;
  }

  private row({ node, level, isOpen, position, nSiblings }: TreeRow, index: number, isActive: boolean): TemplateResult {
    const isSection = node.children.length > 0;
    return html`<div
      id="row-${index}"
      class="row ${node.relation} ${isActive ? "active" : ""}"
      role="row"
      aria-rowindex=${index + 2}
      aria-level=${level}
      aria-posinset=${position}
      aria-setsize=${nSiblings}
      aria-expanded=${isSection ? (isOpen ? "true" : "false") : nothing}
      aria-selected=${isActive ? "true" : "false"}
      @click=${() => this.onClick(node, isOpen, index)}
    >
      <div class="cell key" role="gridcell" title=${node.path} ${styled({ "--level": String(level) })}>
        <span class="twistie"
          >${isSection ? html`<vscode-icon name=${isOpen ? "chevron-down" : "chevron-right"}></vscode-icon>` : nothing}</span
        >
        <span>${marked(node.key, this.search)}</span>
        ${this.relation(node)}
      </div>
      ${this.value(node, node.here, "value here")}
      ${this.there === undefined ? nothing : this.value(node, node.there, "value there")}
    </div>`;
  }

  private relation({ relation, nDifferent, children }: ConfigNode): TemplateResult | typeof nothing {
    if (nDifferent === 0 || relation === "same") return nothing;
    const words = {
      changed: t("{0} different", nDifferent),
      onlyHere: t("only in {0}", this.here),
      onlyThere: t("only in {0}", this.there ?? ""),
    };
    const label = relation === "changed" && children.length === 0 ? t("different") : words[relation];
    return html`<span class="relation" role="img" aria-label=${label} title=${label}>
      <vscode-icon name=${RELATION_ICONS[relation]} size="14"></vscode-icon>
    </span>`;
  }

  private value(node: ConfigNode, value: ConfigNode["here"], kind: string): TemplateResult {
    if (node.children.length > 0) return html`<div class="cell" role="gridcell"></div>`;
    const text = valueText(value);
    return html`<div class="cell mono ${kind}" role="gridcell" title=${text}>
      ${value === undefined ? html`<span class="muted">${t("not set")}</span>` : marked(text, this.search)}
    </div>`;
  }

  private rows(): readonly TreeRow[] {
    const { search, onlyDifferences, toggled } = this;
    return visibleRows(this.nodes, { search, onlyDifferences, toggled: new Map(toggled) });
  }

  private onClick(node: ConfigNode, isOpen: boolean, index: number): void {
    this.active = index;
    if (node.children.length > 0) this.toggle(node, !isOpen);
  }

  private toggle({ path }: ConfigNode, isOpen: boolean): void {
    this.dispatchEvent(new SectionEvent(path, isOpen));
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const rows = this.rows();
    const now = Math.min(this.active, rows.length - 1);
    const row = rows[now];
    if (row === undefined) return;
    const target = this.targetOf(event.key, rows, now);
    if (target === undefined) return;
    event.preventDefault();
    if (target === "toggle") this.toggle(row.node, !row.isOpen);
    else this.active = Math.max(0, Math.min(rows.length - 1, target));
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector(`#row-${this.active}`)?.scrollIntoView({ block: "nearest" }),
    );
  };

  /** As in the editor's own trees: left closes, then goes to the section; right opens, then goes into it. */
  private targetOf(key: string, rows: readonly TreeRow[], now: number): number | "toggle" | undefined {
    const row = rows[now];
    const isSection = row !== undefined && row.node.children.length > 0;
    switch (key) {
      case "ArrowUp":
        return now - 1;
      case "ArrowDown":
        return now + 1;
      case "Home":
        return 0;
      case "End":
        return rows.length - 1;
      case "Enter":
      case " ":
        return isSection ? "toggle" : undefined;
      case "ArrowRight":
        return !isSection ? undefined : row.isOpen ? now + 1 : "toggle";
      case "ArrowLeft":
        if (row?.isOpen === true) return "toggle";
        return rows.findLastIndex(({ level }, index) => index < now && level < (row?.level ?? 1));
      default:
        return undefined;
    }
  }
}

customElements.define("salsa-config-tree", ConfigTree);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-config-tree": ConfigTree;
  }
}
