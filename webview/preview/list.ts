import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { PreviewPage, PreviewRow } from "../../engine/protocol/preview.ts";
import { t } from "../localize.ts";
import { type GridLooks, RowGrid } from "../parts/rowGrid.ts";
import { baseStyles } from "../parts/styles.ts";
import { fateLabel, placeText, whyText } from "./fates.ts";
import { listStyles, tokenStyles } from "./styles.ts";
import { listTokens } from "./tokens.ts";

/** Above and below the text of a row, in pixels. */
const PADDING = 8;
/** Lines of each sequence of a row. */
const LINES = 2;

/** The rows of a source: where each comes from, what becomes of it, and its tokens. */
class PreviewList extends RowGrid<PreviewPage> {
  static override readonly styles = [baseStyles, tokenStyles, listStyles];
  static override readonly properties = { ...RowGrid.properties, perRow: { attribute: false } };
  /** Sequences of a row: two of pairs. */
  declare perRow: number;

  constructor() {
    super();
    this.perRow = 1;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("pages") && changed.get("pages") !== undefined) this.jumpTo(0);
    super.willUpdate(changed);
  }

  protected override updated(): void {
    this.settle();
  }

  protected override get label(): string {
    return t("Rows");
  }

  protected override get nColumns(): number {
    return 4;
  }

  protected override get rowHeight(): number {
    return this.perRow * (this.seen.line * LINES) + PADDING;
  }

  protected override get looks(): GridLooks {
    return { classes: "", style: { "--lines": String(LINES) } };
  }

  protected override header(): TemplateResult {
    return html`<div role="columnheader" class="cell">${t("Line")}</div>
      <div role="columnheader" class="cell">${t("Becomes")}</div>
      <div role="columnheader" class="cell number">${t("Tokens")}</div>
      <div role="columnheader" class="cell">${t("What the model sees")}</div>`;
  }

  protected override cells(row: PreviewRow | undefined): TemplateResult {
    return row === undefined ? html`<div role="gridcell" class="cell">${this.waiting(row)}</div>` : cells(row);
  }
}

function cells(row: PreviewRow): TemplateResult {
  const { sequences } = row;
  return html`<div role="gridcell" class="cell number">${placeText(row)}</div>
    <div role="gridcell" class="cell">${fateLabel(row.fate)}</div>
    <div role="gridcell" class="cell number">
      ${sequences.map(({ nTokens, used }) => html`<div>${nTokens}${used < nTokens ? ` ✂ ${used}` : nothing}</div>`)}
    </div>
    <div role="gridcell" class="cell mono">
      ${
        sequences.length === 0
          ? html`<div class="text words">${whyText(row)}</div>`
          : sequences.map((sequence) => html`<div class="text">${listTokens(sequence)}</div>`)
      }
    </div>`;
}

customElements.define("salsa-preview-list", PreviewList);
