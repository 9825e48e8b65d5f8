import { html, nothing, type TemplateResult } from "lit";
import type { SampledResponse } from "../../engine/protocol/samples.ts";
import { t } from "../localize.ts";
import { short } from "../parts/format.ts";
import { warning } from "../parts/notice.ts";
import type { SampleColumn } from "./columns.ts";

/** A response under its column's name and its numbers; null says that none was kept. */
export function responsePanel(
  { name, origin }: Pick<SampleColumn, "name" | "origin">,
  response: SampledResponse | null,
  body: (response: SampledResponse) => TemplateResult,
): TemplateResult {
  return html`<article aria-label=${name}>
    <header>
      <h3>${name}</h3>
      ${origin === "" ? nothing : html`<span class="muted">${origin}</span>`}
      ${response === null ? nothing : facts(response)}
    </header>
    ${response === null ? html`<p class="muted">${t("No answer was kept.")}</p>` : body(response)}
  </article>`;
}

/** Stands for a response without a text. */
export function emptyText(): TemplateResult {
  return html`<p class="muted"><i>${t("(empty)")}</i></p>`;
}

function facts({ score, gold, nTokens, ended }: SampledResponse): TemplateResult {
  return html`<span>${t("score")} <b title=${String(score ?? "")}>${short(score)}</b></span>
    ${gold === undefined ? nothing : html`<span>${t("gold")} <b title=${String(gold)}>${short(gold)}</b></span>`}
    <span class="muted">${t("{0} tokens", nTokens)}</span>
    ${ended ? nothing : warning(t("cut off"))}`;
}
