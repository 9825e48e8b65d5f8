import { css, html, type TemplateResult } from "lit";
import { translatedAlarm } from "../../engine/protocol/alarmTexts.ts";
import type { RunStatus } from "../../engine/protocol/runState.ts";
import { DashboardElement } from "../element.ts";
import { fromCatalogue, t } from "../localize.ts";
import { nameOfStage } from "../parts/stageName.ts";
import { titleOfRun } from "./runList.ts";
import { runLook } from "./status.ts";

/** Most news kept in the log: screen readers announce only additions. */
const MOST_NEWS = 5;

/** A run as it was last announced. */
interface Known {
  readonly status: RunStatus;
  readonly nAlarms: number;
  readonly isRemoved: boolean;
}

/** Announces to screen readers when a run in focus changes its state, raises an alarm or is removed. */
class Announcer extends DashboardElement {
  static override readonly styles = css`
    :host {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
  `;
  private readonly known = new Map<string, Known>();
  private news: readonly string[] = [];

  protected override willUpdate(): void {
    const { model } = this;
    for (const folder of this.known.keys()) if (!model.focus.runs.includes(folder)) this.known.delete(folder);
    const told = model.focus.runs.flatMap((folder) => this.newsOf(folder));
    this.news = [...this.news, ...told].slice(-MOST_NEWS);
  }

  protected override render(): TemplateResult {
    return html`<div role="log" aria-label=${t("Run events")}>${this.news.map((text) => html`<p>${text}</p>`)}</div>`;
  }

  /** News of a run; none if it has only just come into focus. */
  private newsOf(folder: string): readonly string[] {
    const outline = this.model.outline(folder);
    if (outline === undefined) return [];
    const { status, alarms } = outline;
    const before = this.known.get(folder);
    const isRemoved = this.model.removed.has(folder);
    this.known.set(folder, { status, nAlarms: alarms.length, isRemoved });
    if (before === undefined) return [];
    const id = titleOfRun(this.model, folder);
    if (isRemoved) return before.isRemoved ? [] : [t("{0} was removed", id)];
    const raised = alarms.slice(before.nAlarms).map(({ name, stage, step }) => {
      const { label } = translatedAlarm(name, fromCatalogue);
      return t("Alarm in {0}: {1}, in {2} at step {3}", id, label, nameOfStage(outline, stage), step);
    });
    return status === before.status ? raised : [...raised, t("{0}: {1}", id, runLook(status).label)];
  }
}

customElements.define("salsa-announcer", Announcer);
