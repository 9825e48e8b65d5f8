import "@vscode-elements/elements/dist/vscode-button/index.js";
import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { FigureTheme } from "../../engine/figures/index.ts";
import { MEASURED_FIGURES, type MeasuredFigure } from "../../engine/protocol/figureNames.ts";
import type { FigureView } from "../../engine/protocol/service.ts";
import { DashboardElement } from "../element.ts";
import { t } from "../localize.ts";
import { lacksList, lacksStyles } from "../parts/lacks.ts";
import { LatestRequest } from "../parts/latestRequest.ts";
import { emptyNotice, failedNotice, loadingNotice } from "../parts/notice.ts";
import { baseStyles, controlStyles, noticeStyles } from "../parts/styles.ts";
import { themeOf } from "../plots/looks.ts";
import { figureMenu } from "./export.ts";
import { groundless } from "./groundless.ts";
import { figuresStyles } from "./styles.ts";
import "./figurePlot.ts";
import { whenResized, whenThemed } from "../parts/observed.ts";

/** Room that an article takes beside its figure. */
const BESIDE = 26;
const WIDEST = 914;

/** Figures of a run. */
interface Answered {
  readonly folder: string;
  readonly figures: readonly FigureView[];
}

/** A figure that is being measured. */
interface MeasuredOf {
  readonly folder: string;
  readonly figure: MeasuredFigure;
}

/** The paper's figures for the run: drawn, or with what is missing and how to get it. */
export class FiguresView extends DashboardElement {
  static override readonly styles = [baseStyles, noticeStyles, controlStyles, lacksStyles, figuresStyles];
  static override readonly properties = {
    ...DashboardElement.properties,
    width: { state: true },
    measuring: { state: true },
  };
  /** Of a figure, in pixels. */
  declare private width: number;
  declare private measuring: MeasuredOf | undefined;
  private readonly asked = new LatestRequest<Answered>(this);
  private nth = 0;

  constructor() {
    super();
    this.width = 760;
    whenResized(this, (size) => {
      const width = Math.floor(Math.min(WIDEST, size.width - BESIDE));
      if (width > 0) this.width = width;
    });
    whenThemed(this, () => this.requestUpdate());
  }

  protected override render(): TemplateResult {
    const [folder] = this.model.focus.runs;
    if (folder === undefined) return emptyNotice({ icon: "list-selection", title: t("No run is chosen") });
    const { value: answered, problem } = this.ask(folder);
    if (problem !== undefined)
      return failedNotice(t("The figures could not be drawn"), problem, () => this.asked.retry());
    if (answered === undefined) return loadingNotice(t("Reading the data of the figures…"));
    const value = answered.figures;
    const drawn = value.filter(({ spec }) => spec !== undefined);
    const theme = groundless(themeOf(document.body), document.body);
    return html`<div class="toolbar title">
        <h2>${t("The paper's figures for this run")}</h2>
        <span class="muted">${t("{0} of {1} can be drawn", drawn.length, value.length)}</span>
        <span class="spacer"></span>
        <vscode-button secondary icon="refresh" @click=${this.refresh}>${t("Refresh")}</vscode-button>
      </div>
      ${drawn.length === 0 ? this.nothingDrawn() : nothing}
      ${repeat(
        [...drawn, ...value.filter(({ spec }) => spec === undefined)],
        ({ name }) => `${folder} ${name}`,
        (figure) => this.figure(figure, theme),
      )}`;
  }

  /** Asks again when stages have been finished, or on request: what commands measure makes no event of the run. */
  private ask(folder: string): LatestRequest<Answered>["answer"] {
    const outline = this.model.outline(folder);
    const nDone = outline?.stages.filter(({ status }) => status === "finished" || status === "cached").length ?? 0;
    const key = JSON.stringify([folder, outline?.status, nDone, outline?.tables.length, this.nth]);
    const ask = async (): Promise<Answered> => ({
      folder,
      figures: await this.model.host.request("figures", { folder }),
    });
    return this.asked.ask(key, ask, { keepsLast: this.asked.answer.value?.folder === folder });
  }

  private readonly refresh = (): void => {
    this.nth += 1;
    this.requestUpdate();
  };

  private nothingDrawn(): TemplateResult {
    return emptyNotice({
      icon: "graph",
      title: t("No figure can be drawn yet"),
      text: t(
        "They come from win rates, answers and curves of a run, or are measured by a command. What each of them needs is said below.",
      ),
    });
  }

  private figure({ name, source, title, description, spec, lacks }: FigureView, theme: FigureTheme): TemplateResult {
    const heading = `${source}: ${title}`;
    const saved = themeOf(document.body);
    return html`<article aria-label=${heading}>
      <div class="head">
        <div>
          <h3>${heading}</h3>
          <p class="muted">${description}.</p>
        </div>
        ${spec === undefined ? nothing : figureMenu(this.model.host, { name, title, spec, theme: saved })}
      </div>
      ${
        spec === undefined
          ? nothing
          : html`<salsa-figure-plot .spec=${spec} .theme=${theme} .width=${this.width}></salsa-figure-plot>`
      }
      ${lacksList(lacks, this.model.host, this.measureButton(name))}
    </article>`;
  }

  private measureButton(name: string): TemplateResult | typeof nothing {
    const figure = MEASURED_FIGURES.find((one) => one === name);
    const [folder] = this.model.focus.runs;
    if (figure === undefined || folder === undefined) return nothing;
    const { measuring } = this;
    const isThis = measuring?.folder === folder && measuring.figure === figure;
    return html`<vscode-button
      icon=${isThis ? "loading" : "play"}
      ?icon-spin=${isThis}
      ?disabled=${measuring !== undefined}
      @click=${(): void => void this.measure({ folder, figure })}
      >${isThis ? t("Measuring…") : t("Measure")}</vscode-button
    >`;
  }

  /** The editor itself shows how far it is, offers to cancel, and reports failures. */
  private async measure(asked: MeasuredOf): Promise<void> {
    this.measuring = asked;
    await this.model.host.request("measureFigure", asked).catch(() => undefined);
    this.measuring = undefined;
    this.refresh();
  }
}

customElements.define("salsa-figures", FiguresView);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-figures": FiguresView;
  }
}
