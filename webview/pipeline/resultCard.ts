import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, nothing, type TemplateResult } from "lit";
import type { PanelFigureSpec } from "../../engine/figures/index.ts";
import type { DashboardCommand, DashboardView } from "../../engine/protocol/dashboard.ts";
import type { RunResultLine, RunSummary } from "../../engine/protocol/service.ts";
import { DashboardElement } from "../element.ts";
import { groundless } from "../figures/groundless.ts";
import { t } from "../localize.ts";
import { LatestRequest } from "../parts/latestRequest.ts";
import { type Action, actionRow } from "../parts/notice.ts";
import { baseStyles, noticeStyles } from "../parts/styles.ts";
import { themeOf } from "../plots/looks.ts";
import { chosenAmong, estimate, verdict } from "../shell/headline.ts";
import "../figures/figurePlot.ts";
import { whenResized, whenThemed } from "../parts/observed.ts";

/** Pixels of the figure. */
const WIDEST = 520;
const LEAST = 240;
const HEIGHT = 200;

/** The figure, and its caption apart. */
interface Front {
  readonly spec: PanelFigureSpec;
  readonly caption: string;
}

/** Result of a finished run: who won and by how much, where each arm ended between reward and KL, and the next steps. */
class ResultCard extends DashboardElement {
  static override readonly properties = { ...DashboardElement.properties, width: { state: true } };
  /** Of the figure, in pixels. */
  declare private width: number;
  private readonly front = new LatestRequest<Front | undefined>(this);

  static override readonly styles = [
    baseStyles,
    noticeStyles,
    css`
      section {
        display: flex;
        flex-wrap: wrap;
        gap: 12px 32px;
        margin-bottom: 16px;
        padding: 12px 16px;
        border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.35)));
        border-radius: 6px;
      }
      .words {
        display: flex;
        flex: 1 1 260px;
        flex-direction: column;
        gap: 10px;
        min-width: min(220px, 100%);
      }
      .front {
        flex: 1 1 320px;
        min-width: min(240px, 100%);
        max-width: 520px;
        margin: -12px 0;
      }
      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 2px 16px;
        margin: 0;
        font-variant-numeric: tabular-nums;
      }
      dt {
        overflow-wrap: anywhere;
        color: var(--vscode-descriptionForeground);
      }
      dd {
        margin: 0;
      }
      .link {
        align-self: flex-start;
        text-align: left;
      }
      .link vscode-icon {
        margin-right: 4px;
        vertical-align: -2px;
      }
    `,
  ];

  constructor() {
    super();
    this.width = 420;
    whenResized(this, () => this.measure());
    whenThemed(this, () => this.requestUpdate());
  }

  protected override render(): TemplateResult | typeof nothing {
    const [folder = ""] = this.model.focus.runs;
    const summary = this.model.runs.get(folder);
    if (summary === undefined) return nothing;
    return html`<section aria-label=${t("Result")}>
      <div class="words">${rates(summary)} ${this.alarms(summary)} ${this.nextSteps(summary)}</div>
      ${this.figure(folder)}
    </section>`;
  }

  protected override updated(): void {
    this.measure();
  }

  private measure(): void {
    const room = this.renderRoot.querySelector(".front")?.clientWidth ?? 0;
    if (room > 0) this.width = Math.min(WIDEST, Math.max(LEAST, room));
  }

  private alarms({ nAlarms }: RunSummary): TemplateResult | typeof nothing {
    if (nAlarms === 0) return nothing;
    const text = nAlarms === 1 ? t("It raised an alarm") : t("It raised {0} alarms", nAlarms);
    return html`<button class="link" @click=${this.view("alarms")}>
      <vscode-icon name="warning" size="14"></vscode-icon>${text}
    </button>`;
  }

  private nextSteps({ folder, tables }: RunSummary): TemplateResult | typeof nothing {
    const command = (name: DashboardCommand) => (): void => {
      // The editor itself reports failures of a command.
      this.model.host.request("command", { command: name, folder }).catch(() => undefined);
    };
    const rates: Action = { label: t("Open Win Rates"), icon: "table", run: this.view("winRates") };
    return actionRow([
      ...(tables.includes("winRates") ? [rates] : []),
      { label: t("Read Samples"), icon: "comment", isSecondary: true, run: this.view("samples") },
      { label: t("Chat with Checkpoints…"), icon: "comment-discussion", isSecondary: true, run: command("salsa.chat") },
      { label: t("Publish…"), icon: "cloud-upload", isSecondary: true, run: command("salsa.publish") },
    ]);
  }

  private view(view: DashboardView): () => void {
    return () => this.model.show({ view });
  }

  /** Nothing where no arm has recorded both, or the numbers cannot be read, which the view of figures says. */
  private figure(folder: string): TemplateResult | typeof nothing {
    const { host } = this.model;
    const { value: front } = this.front.ask(folder, async () => {
      const [figure] = await host.request("figures", { folder, names: ["front"] });
      const spec = figure?.spec;
      // The caption becomes the tooltip: there is little room.
      return spec && { caption: spec.caption, spec: { ...spec, caption: "" } };
    });
    if (front === undefined) return nothing;
    const theme = groundless(themeOf(document.body), document.body);
    return html`<div class="front">
      <salsa-figure-plot
        title=${front.caption}
        .spec=${front.spec}
        .theme=${theme}
        .width=${this.width}
        .panelHeight=${HEIGHT}
      ></salsa-figure-plot>
    </div>`;
  }
}

/** The headline with each benchmark's interval; says so where nothing was compared. */
function rates({ result }: RunSummary): TemplateResult {
  if (result === undefined) return html`<h2>${t("Finished")}</h2>`;
  const { more = [], among } = result;
  const line = (one: Pick<RunResultLine, "benchmark" | "adjusted" | "low" | "high" | "n">): TemplateResult =>
    html`<dt>${one.benchmark}</dt>
      <dd>${estimate(one)} <span class="muted">${t("n = {0}", one.n)}</span></dd>`;
  return html`<h2>${verdict(result)}</h2>
    ${among === undefined ? nothing : html`<p class="muted">${result.a}: ${chosenAmong(among)}</p>`}
    <dl title=${t("Adjusted win rate with its 95 % interval")}>${[result, ...more].map(line)}</dl>`;
}

customElements.define("salsa-result-card", ResultCard);
