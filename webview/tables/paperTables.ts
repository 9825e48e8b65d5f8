import { css, html, nothing, type TemplateResult } from "lit";
import type { PaperTableView } from "../../engine/protocol/service.ts";
import { DashboardElement } from "../element.ts";
import { t } from "../localize.ts";
import { lacksList, lacksStyles } from "../parts/lacks.ts";
import { LatestRequest } from "../parts/latestRequest.ts";
import { failedNotice, loadingNotice } from "../parts/notice.ts";
import { baseStyles, controlStyles, noticeStyles, tableStyles } from "../parts/styles.ts";
import { sheetTable } from "./sheetTable.ts";

/** Win rates of the runs in focus in the layout of the paper's tables, one run a model; each with what it lacks. */
class PaperTables extends DashboardElement {
  static override readonly styles = [
    baseStyles,
    noticeStyles,
    controlStyles,
    tableStyles,
    lacksStyles,
    css`
      section {
        margin: 0 0 18px;
      }
      h3 {
        margin-bottom: 4px;
      }
      table {
        width: auto;
        min-width: min(420px, 100%);
      }
      .notes {
        margin: 8px 0 0;
        color: var(--vscode-descriptionForeground);
        white-space: pre-line;
        overflow-wrap: anywhere;
      }
    `,
  ];
  private readonly asked = new LatestRequest<readonly PaperTableView[]>(this);

  protected override render(): TemplateResult {
    const { value, problem } = this.ask();
    if (problem !== undefined)
      return failedNotice(t("The paper's tables could not be made"), problem, () => this.asked.retry());
    if (value === undefined) return loadingNotice(t("Reading win rates…"));
    return html`${value.map((table) => this.table(table))}`;
  }

  /** Requests them again when a run's tables have been written. */
  private ask(): LatestRequest<readonly PaperTableView[]>["answer"] {
    const { focus, host } = this.model;
    const keys = focus.runs.map((folder) => {
      const rates = this.model.outline(folder)?.tables.find(({ name }) => name === "winRates");
      return [folder, rates?.rows ?? []];
    });
    return this.asked.ask(JSON.stringify(keys), () => host.request("paperTables", { folders: focus.runs }));
  }

  private table({ source, title, description, columns, rows, note, lacks }: PaperTableView): TemplateResult {
    const heading = `${source}: ${title}`;
    return html`<section aria-label=${heading}>
      <h3>${heading}</h3>
      <p class="muted">${description}.</p>
      ${rows.length === 0 ? nothing : sheetTable(title, { columns, rows })}
      ${rows.length === 0 || note === "" ? nothing : html`<p class="notes">${note}</p>`}
      ${lacksList(lacks, this.model.host)}
    </section>`;
  }
}

customElements.define("salsa-paper-tables", PaperTables);
