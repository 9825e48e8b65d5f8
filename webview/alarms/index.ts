import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, nothing, type TemplateResult } from "lit";
import { type AlarmAction, ALARMS } from "../../engine/protocol/alarms.ts";
import { translatedSeen } from "../../engine/protocol/alarmTexts.ts";
import type { DashboardFocus } from "../../engine/protocol/dashboard.ts";
import type { AlarmState } from "../../engine/protocol/runState.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import { DashboardElement } from "../element.ts";
import { fromCatalogue, t } from "../localize.ts";
import { emptyNotice, loadingNotice } from "../parts/notice.ts";
import { nameOfStage } from "../parts/stageName.ts";
import { baseStyles, controlStyles, noticeStyles } from "../parts/styles.ts";
import { lookOfStage, themeOf } from "../plots/looks.ts";
import { failureNotice, failureStyles } from "./failure.ts";
import { type AlarmGroup, alarmGroups } from "./groups.ts";
import { sparklinePlot, sparklineStyles } from "./sparklinePlot.ts";

/** Milliseconds between checks for a run that has gone silent. */
const LOOK = 15_000;
/** Curves shown with an alarm. */
const MOST_CURVES = 3;

/** Alarms of a run: the observation, why it matters, what to try, and a link to the step. */
export class AlarmsView extends DashboardElement {
  static override readonly styles = [
    baseStyles,
    noticeStyles,
    controlStyles,
    failureStyles,
    sparklineStyles,
    css`
      :host {
        padding: 12px 16px;
      }
      .kind {
        max-width: 980px;
        margin-bottom: 22px;
      }
      .kind > h2 {
        display: flex;
        gap: 6px;
        align-items: center;
      }
      .kind > h2 vscode-icon {
        color: var(--vscode-editorWarning-foreground, var(--vscode-charts-yellow));
      }
      .why {
        margin: 4px 0 8px;
      }
      .try ul {
        margin: 4px 0 10px;
        padding-left: 20px;
      }
      .try code {
        color: var(--vscode-descriptionForeground);
      }
      article {
        margin-bottom: 8px;
        padding: 8px 12px;
        border: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder, transparent));
        border-left: 3px solid var(--vscode-editorWarning-foreground, var(--vscode-charts-yellow));
        border-radius: 4px;
      }
      article.placed {
        outline: 1px solid var(--vscode-focusBorder);
        outline-offset: 2px;
      }
      article header {
        display: flex;
        flex-wrap: wrap;
        gap: 2px 12px;
        align-items: baseline;
      }
      .curves {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
        margin: 8px 0;
      }
      .curves:empty {
        margin: 4px;
      }
      .links {
        display: flex;
        gap: 16px;
      }
      .watched {
        max-width: 720px;
        margin: 0 auto;
      }
      .watched dt {
        margin-top: 8px;
        font-weight: 600;
      }
      .watched dd {
        margin: 0;
        color: var(--vscode-descriptionForeground);
      }
    `,
  ];
  private timer: ReturnType<typeof setInterval> | undefined;
  /** The place that was last gone to. */
  private place: DashboardFocus["place"];

  override connectedCallback(): void {
    super.connectedCallback();
    this.timer = setInterval(() => this.requestUpdate(), LOOK);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  /** An alarm that a message or another view leads to comes into sight, once. */
  protected override updated(): void {
    const { view, place } = this.model.focus;
    if (view !== "alarms" || place === undefined || place === this.place) return;
    const alarm = this.renderRoot.querySelector<HTMLElement>("article.placed");
    if (alarm === null) return; // the run is still being read
    this.place = place;
    alarm.scrollIntoView({ block: "center" });
    alarm.focus({ preventScroll: true });
  }

  protected override render(): TemplateResult {
    const [folder] = this.model.focus.runs;
    if (folder === undefined) return emptyNotice({ icon: "list-selection", title: t("No run is chosen") });
    const outline = this.model.outline(folder);
    if (outline === undefined) return loadingNotice(t("Reading the run…"));
    const groups = alarmGroups(outline, Date.now());
    return html`${failureNotice(outline, (command) => {
      // The editor itself reports failures of a command.
      this.model.host.request("command", { command, folder }).catch(() => undefined);
    })}
    ${groups.length === 0 ? this.nothingSeen(outline) : groups.map((group) => this.kind(group, outline))}`;
  }

  private kind({ entry, alarms }: AlarmGroup, outline: RunOutline): TemplateResult {
    const { label, why, actions } = entry;
    return html`<section class="kind" aria-label=${label}>
      <h2>
        <vscode-icon name="warning"></vscode-icon>${label}
        ${alarms.length > 1 ? html`<span class="badge">${alarms.length}</span>` : nothing}
      </h2>
      ${why === "" ? nothing : html`<p class="why">${why}</p>`}
      ${
        actions.length === 0
          ? nothing
          : html`<div class="try">
              <h3>${t("What to try")}</h3>
              <ul>
                ${actions.map(action)}
              </ul>
            </div>`
      }
      ${alarms.map((alarm) => this.alarm(alarm, entry.metrics, outline))}
    </section>`;
  }

  private alarm(alarm: AlarmState, metrics: readonly string[], outline: RunOutline): TemplateResult {
    const { stage, step, time } = alarm;
    const recorded = outline.series[stage] ?? {};
    const shown = metrics.filter((metric) => recorded[metric] !== undefined).slice(0, MOST_CURVES);
    const place = { stage, step };
    const toMetrics = (): void => this.model.show({ view: "metrics", place });
    // Rollouts, of which samples are kept, are scored.
    const hasSamples = recorded["objective/score"] !== undefined;
    const name = nameOfStage(outline, stage);
    const isPlaced = isAt(this.model.focus.place, alarm);
    return html`<article
      class=${isPlaced ? "placed" : ""}
      tabindex=${isPlaced ? "-1" : nothing}
      aria-label=${t("{0}, step {1}", name, step)}
    >
      <header>
        <h3>${stage === "" ? t("The run") : t("{0}, step {1}", name, step)}</h3>
        <time class="muted" datetime=${new Date(time).toISOString()}>${new Date(time).toLocaleString()}</time>
      </header>
      <p>${translatedSeen(alarm, fromCatalogue)}</p>
      <div class="curves">
        ${shown.map((metric) =>
          sparklinePlot(metric, step, {
            curve: this.model.curve(outline.folder, { stage, metric }),
            color: lookOfStage(outline, stage, themeOf(document.body)).color,
            show: toMetrics,
          }),
        )}
      </div>
      <div class="links">
        ${stage === "" ? nothing : html`<button class="link" @click=${toMetrics}>${t("Show in Metrics")}</button>`}
        ${
          hasSamples
            ? html`<button class="link" @click=${() => this.model.show({ view: "samples", place })}>
                ${t("Read Samples at This Step")}
              </button>`
            : nothing
        }
      </div>
    </article>`;
  }

  private nothingSeen({ status }: RunOutline): TemplateResult {
    const hasFailed = status === "failed" || status === "lost";
    const isLive = status === "running" || status === "queued";
    return html`${emptyNotice({
        icon: "pass",
        title: hasFailed
          ? t("No alarm was raised before that")
          : isLive
            ? t("Nothing unusual so far")
            : t("Nothing unusual was found"),
        text: t("Every step is checked for the most common failures of RLHF:"),
      })}
      <dl class="watched">
        ${ALARMS.filter(({ metrics }) => metrics.length > 0).map(
          ({ label, why }) =>
            html`<dt>${fromCatalogue(label)}</dt>
              <dd>${fromCatalogue(why)}</dd>`,
        )}
      </dl>`;
  }
}

function isAt(place: DashboardFocus["place"], { stage, step }: AlarmState): boolean {
  return place?.stage === stage && place.step === step;
}

function action({ text, settings }: AlarmAction): TemplateResult {
  return html`<li>${text} ${settings.map((setting) => html`<code class="mono">${setting}</code> `)}</li>`;
}

customElements.define("salsa-alarms", AlarmsView);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-alarms": AlarmsView;
  }
}
