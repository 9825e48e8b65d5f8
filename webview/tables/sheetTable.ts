import { html, type TemplateResult } from "lit";
import type { PaperTableView } from "../../engine/protocol/service.ts";

/** A table as the engine has it, under an accessible name. */
export function sheetTable(name: string, { columns, rows }: Pick<PaperTableView, "columns" | "rows">): TemplateResult {
  const look = (at: number): string => (columns[at]?.align === "right" ? "number" : "");
  return html`<div class="scroll" role="region" tabindex="0" aria-label=${name}>
    <table aria-label=${name}>
      <thead>
        <tr>
          ${columns.map(({ header }, at) => html`<th scope="col" class=${look(at)}>${header}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, at) => html`<td class=${look(at)}>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
