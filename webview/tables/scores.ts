import { html, nothing, type TemplateResult } from "lit";
import type { Table } from "../../engine/protocol/events.ts";
import { t } from "../localize.ts";
import { sheetTable } from "./sheetTable.ts";

/** A run's table of scores by model. */
export interface ScoredRun {
  /** Title of the run. */
  readonly id: string;
  readonly table: Pick<Table, "columns" | "rows"> | undefined;
}

/** Scores of each run's models on every benchmark, run below run, with its title where there are several; nothing without scores. */
export function scores(runs: readonly ScoredRun[]): TemplateResult | typeof nothing {
  const scored = runs.filter(({ table }) => (table?.rows.length ?? 0) > 0);
  if (scored.length === 0) return nothing;
  return html`<section aria-label=${t("Scores by model")}>
    <h2 class="title">${t("Scores by model")}</h2>
    ${scored.map(({ id, table }) => html`${runs.length > 1 ? html`<h3>${id}</h3>` : nothing} ${table && sheetTable(t("Scores by model of {0}", id), table)}`)}
  </section>`;
}
