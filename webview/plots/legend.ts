import { html, nothing, type TemplateResult } from "lit";
import { t } from "../localize.ts";
import { titleOfRun } from "../shell/runList.ts";
import { type LineName, lineNames, lineOrigin } from "./lines.ts";
import { type Look, lookOf, paletteFor } from "./looks.ts";
import { toggleLine } from "./metricFilter.ts";
import type { PlotContext } from "./plot.ts";
import { outlinesOf } from "./settings.ts";
import { swatch } from "./swatch.ts";

/** A line or a run of the legend, which a click hides. */
interface LegendEntry {
  readonly id: string;
  readonly title: string;
  readonly look: Look;
  readonly origin?: string;
}

/** Lines and runs with their looks; a click hides one, or shows it again. */
export function legend({ settings, theme, model }: PlotContext): TemplateResult {
  const outlines = outlinesOf(model);
  const lines = lineNames(outlines);
  const { colorBy, hidden } = settings;
  const entry = ({ id, title, look, origin = "" }: LegendEntry): TemplateResult =>
    html`<button
      class="entry"
      aria-pressed=${!hidden.has(id)}
      title=${[title, origin].join(" ").trim()}
      @click=${() => toggleLine(model, id)}
    >
      ${swatch(look)}
      <span class="cut">${title}</span> ${origin === "" ? nothing : html`<span class="muted">${origin}</span>`}
    </button>`;
  const looks = { names: lines, palette: paletteFor(outlines, lines), colorBy, theme };
  const look = (line: LineName, runIndex: number): Look => lookOf({ ...line, runIndex }, looks);
  const [first] = lines;
  const runs =
    outlines.length < 2 || first === undefined
      ? []
      : outlines.map(({ folder }, at) => ({ folder, look: look(first, at) }));
  // Beside other runs, each line has an origin of its own, which the tooltip gives.
  const originOf = (name: string): string =>
    outlines.length > 1 || outlines[0] === undefined ? "" : lineOrigin(name, outlines[0]);
  return html`<div class="legend" role="group" aria-label=${t("Lines")}>
    ${lines.map((line) => entry({ id: line.name, title: line.name, look: look(line, 0), origin: originOf(line.name) }))}
    ${runs.length > 0 ? html`<span class="between"></span>` : nothing}
    ${runs.map((run) => entry({ id: run.folder, title: titleOfRun(model, run.folder), look: run.look }))}
  </div>`;
}
