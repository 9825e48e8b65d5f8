import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import type { RunOutline } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { marked } from "../parts/matches.ts";
import { baseStyles } from "../parts/styles.ts";
import { moment } from "../shell/time.ts";
import { type LogEntry, logEntries, matchingEntries } from "./logEntries.ts";

/** Entries that are drawn at once. */
const MOST_SHOWN = 300;

/** Messages, alarms and stages of a run beside its curves, with a search. */
export class RunLogPanel extends LitElement {
  static override readonly styles = [
    baseStyles,
    css`
      :host {
        display: flex;
        flex-direction: column;
        gap: 8px;
        min-height: 0;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px 12px;
      }
      input {
        flex: 1 1 120px;
        min-width: 0;
        height: 26px;
        padding: 3px 6px;
        border: 1px solid var(--vscode-input-border, var(--vscode-contrastBorder, transparent));
        border-radius: 2px;
        color: var(--vscode-input-foreground);
        background: var(--vscode-input-background);
        font: inherit;
      }
      input::placeholder {
        color: var(--vscode-input-placeholderForeground);
      }
      .list {
        flex: 1;
        min-height: 0;
        overflow: auto;
      }
      ol {
        margin: 0;
        padding: 0;
        list-style: none;
      }
      li {
        padding: 4px 0;
        border-bottom: 1px solid
          var(--vscode-editorWidget-border, var(--vscode-contrastBorder, rgba(128, 128, 128, 0.35)));
        overflow-wrap: anywhere;
      }
      .about {
        display: flex;
        flex-wrap: wrap;
        gap: 0 10px;
        font-size: 11px;
        color: var(--vscode-descriptionForeground);
      }
      .text {
        white-space: pre-wrap;
      }
      vscode-icon {
        --vscode-icon-foreground: var(--vscode-editorWarning-foreground, var(--vscode-charts-yellow));
        color: var(--vscode-editorWarning-foreground, var(--vscode-charts-yellow));
        margin-right: 4px;
        vertical-align: -2px;
      }
    `,
  ];
  static override readonly properties = {
    outline: { attribute: false },
    search: { state: true },
  };
  declare outline: RunOutline;
  declare private search: string;

  constructor() {
    super();
    this.search = "";
  }

  protected override render(): TemplateResult {
    const all = logEntries(this.outline);
    const found = matchingEntries(all, this.search);
    const count =
      found.length === all.length ? t("{0} messages", all.length) : t("{0} of {1} messages", found.length, all.length);
    return html`<div class="head">
        <h2>${t("Log")}</h2>
        <input
          type="search"
          placeholder=${t("Search the log")}
          aria-label=${t("Search the log")}
          .value=${this.search}
          @input=${({ target }: Event) => (this.search = (target as HTMLInputElement).value)}
        />
        <span class="muted" role="status">${count}</span>
      </div>
      <div class="list" role="region" tabindex="0" aria-label=${t("Log messages, the newest first")}>
        <ol>
          ${found.slice(0, MOST_SHOWN).map((entry) => this.entry(entry))}
        </ol>
        ${found.length > MOST_SHOWN ? html`<p class="muted">${t("Search to see earlier ones.")}</p>` : nothing}
      </div>`;
  }

  private entry({ time, stage, text, isAlarm, step }: LogEntry): TemplateResult {
    return html`<li>
      <div class="about">
        <span>${moment(time)}</span
        ><span>${stage}</span>${step === undefined ? nothing : html`<span>${t("step {0}", step)}</span>`}
      </div>
      <div class="text">${isAlarm ? alarmMark() : nothing}${marked(text, this.search.trim())}</div>
    </li>`;
  }
}

function alarmMark(): TemplateResult {
  return html`<vscode-icon name="warning" size="14"></vscode-icon><span class="visually-hidden">${t("Alarm")}: </span>`;
}

customElements.define("salsa-run-log", RunLogPanel);
declare global {
  interface HTMLElementTagNameMap {
    "salsa-run-log": RunLogPanel;
  }
}
