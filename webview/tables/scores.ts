import { html, nothing, type TemplateResult } from "lit";
import type { Table } from "../../engine/protocol/events.ts";
import { describeWinRateTerm } from "../../engine/protocol/winRateTerms.ts";
import { fromCatalogue, t } from "../localize.ts";
import { sheetTable } from "./sheetTable.ts";

/** A table of a run's models. */
export interface RunTable {
  /** Title of the run. */
  readonly id: string;
  readonly table: Pick<Table, "columns" | "rows"> | undefined;
}

/** Scores of each run's models on every benchmark; nothing without scores. */
export function scores(runs: readonly RunTable[]): TemplateResult | typeof nothing {
  return runByRun(runs, { title: t("Scores by model"), ofRun: (id) => t("Scores by model of {0}", id) });
}

/** Mean grades of each run's models, where its judge graded answers one by one. */
export function grades(runs: readonly RunTable[]): TemplateResult | typeof nothing {
  const { description } = describeWinRateTerm("grade", fromCatalogue);
  return runByRun(runs, { title: t("Mean grades"), ofRun: (id) => t("Mean grades of {0}", id), description });
}

interface Names {
  readonly title: string;
  readonly ofRun: (id: string) => string;
  readonly description?: string;
}

/** Run below run, with its title where there are several. */
function runByRun(runs: readonly RunTable[], { title, ofRun, description }: Names): TemplateResult | typeof nothing {
  const filled = runs.filter(({ table }) => (table?.rows.length ?? 0) > 0);
  if (filled.length === 0) return nothing;
  return html`<section aria-label=${title}>
    <h2 class="title" title=${description ?? nothing}>${title}</h2>
    ${filled.map(({ id, table }) => html`${runs.length > 1 ? html`<h3>${id}</h3>` : nothing} ${table && sheetTable(ofRun(id), table)}`)}
    ${description === undefined ? nothing : html`<p class="muted">${description}</p>`}
  </section>`;
}
