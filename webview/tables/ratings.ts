import { css, html, nothing, svg, type SVGTemplateResult, type TemplateResult } from "lit";
import type { Table } from "../../engine/protocol/events.ts";
import { type RatedModel, ratedModels } from "../../engine/protocol/ratings.ts";
import { describeWinRateTerm } from "../../engine/protocol/winRateTerms.ts";
import { fromCatalogue, t } from "../localize.ts";
import { axis, whiskers } from "./forestPlot.ts";
import { type RatingMark, ratingsPlot } from "./ratingsPlot.ts";

/** Widest plot, in pixels: beside it stands the table. */
const WIDEST = 560;

/** Styles of the ratings. */
export const ratingsStyles = css`
  .ratings {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 24px;
    align-items: flex-start;
    margin-bottom: 12px;
  }
  .ratings .forest {
    flex: none;
    max-width: 100%;
  }
  .ratings table {
    width: auto;
    min-width: min(260px, 100%);
  }
  .ratings :is(th, td) {
    white-space: normal;
    overflow-wrap: anywhere;
  }
`;

/**
 * Ratings of all models at once, by benchmark, as dots with whiskers and as a table; nothing where a run has none. Below
 * them stands its note, without lines that were said before.
 */
export function ratings(
  table: Pick<Table, "rows" | "note"> | undefined,
  { width, said = "" }: { readonly width: number; readonly said?: string | undefined },
): TemplateResult | typeof nothing {
  const byBenchmark = Map.groupBy(table === undefined ? [] : ratedModels(table), ({ benchmark }) => benchmark);
  if (byBenchmark.size === 0) return nothing;
  const { description } = describeWinRateTerm("rating", fromCatalogue);
  const known = new Set(said.split("\n"));
  const lines = table?.note?.split("\n").filter((line) => !known.has(line)) ?? [];
  return html`<section aria-label=${t("Ratings")}>
    <h2 class="title" title=${description}>${t("Ratings of all models at once")}</h2>
    ${[...byBenchmark].map(([benchmark, models]) => ofBenchmark(benchmark, models, Math.min(width, WIDEST)))}
    ${lines.map((line) => html`<p>${line}</p>`)}
    <p class="muted">${description}</p>
  </section>`;
}

function ofBenchmark(benchmark: string, models: readonly RatedModel[], width: number): TemplateResult {
  const name = t("Ratings on {0}", benchmark);
  return html`<h3>${benchmark}</h3>
    <div class="ratings">
      ${plot(models, width)}
      <table aria-label=${name}>
        <thead>
          <tr>
            <th scope="col">${t("Model")}</th>
            <th scope="col" class="number">${t("Rating")}</th>
            <th scope="col" class="number">${t("95 % interval")}</th>
          </tr>
        </thead>
        <tbody>
          ${models.map(
            (one) =>
              html`<tr>
                <th scope="row">${one.model}</th>
                <td class="number">${ratingText(one)}</td>
                <td class="number">${intervalText(one)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function plot(models: readonly RatedModel[], width: number): TemplateResult | typeof nothing {
  const { height, bottom, reference, ticks, labels, marks } = ratingsPlot(models, width);
  if (marks.length === 0) return nothing;
  const name = t("Ratings with 95 % intervals; the table has the same numbers");
  return html`<svg class="forest" role="img" aria-label=${name} width=${width} height=${height}>
    ${axis({ reference, bottom, ticks })} ${labels.map(({ y, text }) => svg`<text x="0" y=${y}>${text}</text>`)}
    ${marks.map(drawMark)}
  </svg>`;
}

function drawMark({ model, x, y, low, high }: RatingMark): SVGTemplateResult {
  return svg`<g>
    <title>${`${model.model}: ${ratingText(model)} (${intervalText(model)})`}</title>
    ${whiskers({ low, high, y })}
    <circle class="point" cx=${x} cy=${y} r="4"></circle>
  </g>`;
}

function ratingText({ rating, text }: RatedModel): string {
  if (rating !== undefined) return String(rating);
  if (text === "unbeaten") return t("unbeaten");
  return text === "without a point" ? t("without a point") : "–";
}

function intervalText({ low, high }: RatedModel): string {
  return low === undefined || high === undefined ? "–" : `${low} – ${high}`;
}
