import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, nothing, type TemplateResult } from "lit";
import { isFlip, VERDICTS } from "../../engine/protocol/comparisons.ts";
import type { ComparisonPage, ComparisonRow } from "../../engine/protocol/verdicts.ts";
import { t } from "../localize.ts";
import { whole } from "../parts/format.ts";
import { marked } from "../parts/matches.ts";
import { warning } from "../parts/notice.ts";
import { type GridLooks, RowGrid } from "../parts/rowGrid.ts";
import { rowGridStyles } from "../parts/rowGridStyles.ts";
import { baseStyles, controlStyles } from "../parts/styles.ts";
import { type Names, outcomeName, voteName } from "./verdicts.ts";

/** Above and below the text of a row. */
const PADDING = 10;

/** The comparisons of a pair, a line each: prompt, verdict, what is odd about it, lengths, a person's vote. */
export class PairList extends RowGrid<ComparisonPage> {
  static override readonly styles = [
    baseStyles,
    controlStyles,
    rowGridStyles,
    css`
      .canvas,
      .head {
        min-width: 860px;
      }
      .line {
        grid-template-columns: 64px minmax(180px, 1fr) 130px 210px 110px 150px;
      }
      .sorted .line {
        grid-template-columns: 64px minmax(180px, 1fr) 110px 130px 210px 110px 150px;
      }
      .cell > span {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .cell vscode-icon {
        vertical-align: text-bottom;
      }
      .cell.number {
        justify-content: flex-end;
      }
      .row[aria-selected="true"] .muted {
        color: inherit; /* what is muted is too faint on the ground of the active one */
      }
    `,
  ];
  static override readonly properties = {
    ...RowGrid.properties,
    names: { attribute: false },
    search: { attribute: false },
    isBlind: { attribute: false },
    annotated: { attribute: false },
    nVotes: { attribute: false },
  };
  declare names: Names;
  declare search: string;
  /** True if verdicts are hidden of what was not voted on. */
  declare isBlind: boolean;
  /** Adds what was said about a row since it was read. */
  declare annotated: (row: ComparisonRow) => ComparisonRow;
  /** Counts what was said since. */
  declare nVotes: number;

  constructor() {
    super();
    this.search = "";
  }

  protected override get label(): string {
    return t("Prompts of {0} vs {1}", this.names.a, this.names.b);
  }

  protected override get nColumns(): number {
    return this.hasCategories ? 7 : 6;
  }

  protected override get rowHeight(): number {
    return this.seen.line + PADDING;
  }

  protected override get looks(): GridLooks {
    return { classes: this.hasCategories ? "sorted" : "", style: {} };
  }

  private get hasCategories(): boolean {
    return (this.pages.head?.categories.length ?? 0) > 0;
  }

  protected override header(): TemplateResult {
    const cell = (text: string, kind = ""): TemplateResult =>
      html`<div role="columnheader" class="cell ${kind}"><span>${text}</span></div>`;
    return html`${cell(t("No."), "number")} ${cell(t("Prompt"))} ${this.hasCategories ? cell(t("Category")) : nothing}
    ${cell(t("Verdict"))} ${cell(t("Remarks"))} ${cell(t("Tokens"), "number")} ${cell(t("Your vote"))}`;
  }

  protected override cells(given: ComparisonRow | undefined): TemplateResult {
    const row = given && this.annotated(given);
    const cell = (content: unknown, kind = ""): TemplateResult =>
      html`<div role="gridcell" class="cell ${kind}"><span>${content}</span></div>`;
    const waiting = html`<span class="visually-hidden">${this.waiting(row)}</span>`;
    const shown = row === undefined || (this.isBlind && row.annotation?.vote === undefined) ? undefined : row;
    const hidden = row === undefined ? "" : html`<span class="muted">${t("hidden")}</span>`;
    return html`${cell(row === undefined ? waiting : whole(row.index + 1), "number muted")}
    ${cell(row === undefined ? "" : marked(row.prompt, this.search))}
    ${this.hasCategories ? cell(row?.category ?? "", "muted") : nothing}
    ${cell(shown === undefined ? hidden : outcomeName(shown.outcome, this.names))}
    ${cell(shown === undefined ? "" : remarks(shown), "remarks")}
    ${cell(shown === undefined ? "" : html`${whole(shown.a.nTokens)} · ${whole(shown.b.nTokens)}`, "number muted")}
    ${cell(row === undefined ? "" : this.vote(row))}`;
  }

  private vote({ annotation = {}, outcome }: ComparisonRow): TemplateResult {
    const { vote, note } = annotation;
    const isOther = vote !== undefined && outcome !== "dropped" && VERDICTS[outcome] !== vote;
    return html`${vote === undefined ? nothing : voteName(vote, this.names)}
    ${
      isOther
        ? html`<span role="img" aria-label=${t("unlike the judge")} title=${t("unlike the judge")}>≠</span>`
        : nothing
    }
    ${
      note === undefined
        ? nothing
        : html`<span role="img" aria-label=${t("has a note")} title=${note}
            ><vscode-icon name="note" size="14"></vscode-icon
          ></span>`
    }`;
  }
}

function remarks(row: ComparisonRow): TemplateResult {
  const { agreement = 1, isSuspicious = false, turn = 1 } = row;
  return html`${turn > 1 ? html`${t("turn {0}", turn)} ` : nothing} ${isFlip(row.games) ? warning(t("flips")) : nothing}
  ${agreement < 1 ? warning(t("judges disagree")) : nothing}
  ${isSuspicious ? warning(t("instructs the judge")) : nothing}`;
}

customElements.define("salsa-pair-list", PairList);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-pair-list": PairList;
  }
}
