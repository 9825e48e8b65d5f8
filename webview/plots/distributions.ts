import { css, html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { PanelFigureSpec } from "../../engine/figures/index.ts";
import {
  DISTRIBUTIONS,
  type DistributionName,
  PERCENTILES,
  percentilePath,
} from "../../engine/protocol/distributions.ts";
import { DashboardElement } from "../element.ts";
import { figureMenu } from "../figures/export.ts";
import { groundless } from "../figures/groundless.ts";
import "../figures/figurePlot.ts";
import { fromCatalogue, t } from "../localize.ts";
import { emptyNotice, loadingNotice } from "../parts/notice.ts";
import { baseStyles, controlStyles, noticeStyles } from "../parts/styles.ts";
import { type LinesByPercentile, distributionSpecs, recordedDistributions } from "./distributionSpecs.ts";
import { themeOf } from "./looks.ts";
import { loadedLines, outlinesOf, plotSettings } from "./settings.ts";
import { whenResized } from "../parts/observed.ts";

/** Remembered over reloads: the quantity that is shown. */
const OF = "metrics.distribution";
/** Pixels of a picture, and the room that its frame takes. */
const [NARROWEST, WIDEST, HEIGHT, FRAME] = [260, 560, 200, 18];

/** Figures by the line that they are of, with the caption and without. */
type Specs = readonly (readonly [key: string, spec: PanelFigureSpec, plain: PanelFigureSpec])[];

/** How distributions move over the steps of a training: a picture for each line of the legend. */
class Distributions extends DashboardElement {
  static override readonly properties = { ...DashboardElement.properties, width: { state: true } };
  /** Of the view, in pixels. */
  declare private width: number;
  private made: { readonly of: readonly unknown[]; readonly specs: Specs } | undefined;

  static override readonly styles = [
    baseStyles,
    noticeStyles,
    controlStyles,
    css`
      .pictures {
        display: flex;
        flex-wrap: wrap;
        gap: 10px;
        padding: 6px 0 8px;
      }
      article {
        position: relative;
        max-width: 100%;
        padding: 8px;
        border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.35)));
        border-radius: 4px;
      }
      article salsa-menu {
        position: absolute;
        top: 8px;
        right: 8px;
        z-index: 1;
      }
    `,
  ];

  constructor() {
    super();
    this.width = 800;
    whenResized(this, ({ width }) => (this.width = width));
  }

  protected override render(): TemplateResult {
    const { model } = this;
    const outlines = outlinesOf(model);
    const recorded = recordedDistributions(outlines);
    const [first] = recorded;
    if (first === undefined) return this.nothingRecorded(outlines.some(({ status }) => status === "running"));
    const chosen = model.setting(OF, first);
    const of = recorded.find((one) => one === chosen) ?? first;
    const looks = { settings: plotSettings(model), theme: themeOf(document.body) };
    const lines = PERCENTILES.map((percent) => loadedLines(model, percentilePath(of, percent), looks));
    const isWhole = lines.every((all) => all.every((line) => line.isWhole));
    const specs = this.specsOf(of, lines);
    return html`<div class="toolbar">
        <label class="field"
          >${t("Distribution of")}
          <select @change=${(event: Event) => this.choose((event.target as HTMLSelectElement).value)}>
            ${DISTRIBUTIONS.filter((one) => recorded.includes(one.of)).map(
              (one) => html`<option value=${one.of} ?selected=${one.of === of}>${fromCatalogue(one.label)}</option>`,
            )}
          </select>
        </label>
      </div>
      ${specs.length === 0 ? (isWhole ? html`<p class="muted">${t("Nothing to show")}</p>` : loadingNotice(t("Reading the run…"))) : nothing}
      <div class="pictures">
        ${repeat(
          specs,
          ([key]) => key,
          ([, spec, plain]) => this.picture(of, spec, plain),
        )}
      </div>`;
  }

  /** The same objects until curves come or lines change: a picture that is drawn again forgets what is read off it. */
  private specsOf(of: DistributionName, lines: LinesByPercentile): Specs {
    const now = [of, ...lines.flatMap((all) => all.flatMap(({ title, curves }) => [title, ...curves]))];
    const isSame = this.made?.of.length === now.length && this.made.of.every((one, at) => one === now[at]);
    if (this.made === undefined || !isSame) {
      const specs = [...distributionSpecs(of, lines)].map(
        ([key, spec]) => [key, spec, { ...spec, caption: "" }] as const,
      );
      this.made = { of: now, specs };
    }
    return this.made.specs;
  }

  private picture(of: string, spec: PanelFigureSpec, plain: PanelFigureSpec): TemplateResult {
    const theme = groundless(themeOf(document.body), document.body);
    const nBeside = Math.max(1, Math.floor(this.width / (NARROWEST + FRAME + 10)));
    const width = Math.floor(Math.min(WIDEST, this.width / nBeside - FRAME - 10));
    const name = `distribution-${of}-${spec.title.replaceAll(/[^\p{L}\p{N}]+/gu, "-")}`;
    // The caption stands in the saved figure; here it is the tooltip.
    return html`<article title=${spec.caption}>
      ${figureMenu(this.model.host, { name, title: spec.title, spec, theme: themeOf(document.body) })}
      <salsa-figure-plot
        .spec=${plain}
        .theme=${theme}
        .width=${Math.max(220, width)}
        .panelHeight=${HEIGHT}
      ></salsa-figure-plot>
    </article>`;
  }

  private nothingRecorded(isLive: boolean): TemplateResult {
    const text = isLive
      ? t("They appear with the first step of the first RLHF training.")
      : t(
          "Trainings by PPO and DPO record them. This run has none, or they were made by an earlier version, by another program or by OpenRLHF; a training that is reused has what was recorded when it was made.",
        );
    return emptyNotice({ icon: "graph", title: t("No distributions are recorded"), text });
  }

  private choose(of: string): void {
    this.model.set(OF, of);
  }
}

customElements.define("salsa-distributions", Distributions);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-distributions": Distributions;
  }
}
