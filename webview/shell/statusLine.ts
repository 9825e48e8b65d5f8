import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-icon/index.js";
import { css, html, nothing, type TemplateResult } from "lit";
import type { DashboardCommand } from "../../engine/protocol/dashboard.ts";
import { runProgress, workTimes } from "../../engine/protocol/runProgress.ts";
import { amountText, spentBy } from "../../engine/protocol/spending.ts";
import type { RunStatus } from "../../engine/protocol/runState.ts";
import type { RunOutline, RunProgress, RunSummary, SeriesKey } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import type { Curve } from "../model.ts";
import { nameOfStage } from "../parts/stageName.ts";
import { styled } from "../parts/styled.ts";
import { downloadText } from "./downloadText.ts";
import { headline, klOf } from "./headline.ts";
import { runLook, statusIcon } from "./status.ts";
import { duration, moment } from "./time.ts";
import { waitText } from "./waitText.ts";

/** Commands for a run in that state. */
function commandsFor(status: RunStatus): readonly { command: DashboardCommand; label: string; icon: string }[] {
  switch (status) {
    case "queued":
    case "running":
      return [{ command: "salsa.stop", label: t("Stop"), icon: "debug-stop" }];
    case "stopped":
    case "lost":
      return [{ command: "salsa.resume", label: t("Resume"), icon: "debug-continue" }];
    case "failed":
      return [{ command: "salsa.retry", label: t("Retry"), icon: "debug-restart" }];
    case "finished":
      return [{ command: "salsa.openReport", label: t("Open Report"), icon: "open-preview" }];
  }
}

/** A run whose status is shown. */
export interface ShownRun {
  readonly summary: RunSummary;
  readonly outline: RunOutline | undefined;
  readonly curveOf: (key: SeriesKey) => Curve | undefined;
}

/** Status of a run: state, stage, share done, time left, and available commands. */
export function statusLine(
  { summary, outline, curveOf }: ShownRun,
  run: (command: DashboardCommand) => void,
): TemplateResult {
  const status = outline?.status ?? summary.status;
  const progress = outline === undefined ? summary.progress : runProgress(outline);
  const isActive = status === "running" || status === "queued";
  const result = status === "finished" ? summary.result : undefined;
  const kl = result && outline && klOf(result.a, outline, curveOf);
  return html`${result === undefined ? nothing : html`<p class="headline">${headline(result, kl)}</p>`}
    <div class="status">
      <span class="state">${statusIcon(runLook(status))}<strong>${runLook(status).label}</strong></span>
      <span class="facts">${facts({ summary, outline, status, progress })}</span>
      ${status === "finished" ? nothing : progressBar(progress, { isActive })}
      <span class="commands">
        ${commandsFor(status).map(
          ({ command, label, icon }) =>
            html`<vscode-button icon=${icon} ?secondary=${status === "finished"} @click=${() => run(command)}>
              ${label}
            </vscode-button>`,
        )}
      </span>
    </div>`;
}

interface Facts {
  readonly summary: RunSummary;
  readonly outline: RunOutline | undefined;
  readonly status: RunStatus;
  readonly progress: RunProgress;
}

function facts({ summary, outline, status, progress }: Facts): string {
  const began = outline?.startedAt ?? summary.startedAt;
  const isActive = status === "queued" || status === "running";
  const download = isActive ? (outline === undefined ? summary.download : outline.download) : undefined;
  const times = workTimes(outline ?? summary);
  const spent = outline === undefined ? undefined : spentBy(outline);
  const parts = [
    download === undefined ? "" : downloadText(download),
    ...(isActive ? ((outline === undefined ? summary.waits : outline.waits) ?? []).map(waitText) : []),
    status === "queued" && download === undefined ? queueText(outline ?? summary) : "",
    status === "running" ? nameOfStage(outline, progress.stage) : "",
    status === "running" && progress.total > 0 ? t("step {0} of {1}", progress.step, progress.total) : "",
    status === "finished" ? "" : t("{0} %", Math.floor(progress.fraction * 100)),
    status === "running" && progress.secondsLeft !== undefined ? t("{0} left", duration(progress.secondsLeft)) : "",
    status !== "finished" || times === undefined ? "" : t("in {0}", duration(times.work)),
    // Under a second, it went on at once.
    times === undefined || times.paused < 1 ? "" : t("paused {0}", duration(times.paused)),
    spent === undefined ? "" : t("cost so far {0}", amountText(spent)),
    status === "running" ? "" : t("{0} of {1} stages", progress.nDone, progress.nStages),
    began === undefined ? "" : moment(began),
    outline?.device ?? summary.device,
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/** Why a run has not begun. */
function queueText({ ahead, reason }: RunSummary | RunOutline): string {
  return reason ?? (ahead === undefined ? "" : t("{0} ahead", ahead));
}

/** Progress bar of the whole run. */
function progressBar({ fraction }: RunProgress, { isActive }: { readonly isActive: boolean }): TemplateResult {
  const percent = Math.floor(fraction * 100);
  return html`<div
    class="bar ${isActive ? "" : "still"}"
    role="progressbar"
    aria-label=${t("Progress of the run")}
    aria-valuenow=${percent}
    aria-valuemin="0"
    aria-valuemax="100"
  >
    <div class="done" ${styled({ width: `${(fraction * 100).toFixed(2)}%` })}></div>
  </div>`;
}

/** Styles of the status line. */
export const statusLineStyles = css`
  .status {
    display: flex;
    align-items: center;
    gap: 4px 12px;
    min-height: 30px;
  }
  .state {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  /* First of all, in a line of its own. */
  .headline {
    margin: 2px 0;
    font-weight: 600;
    font-variant-numeric: tabular-nums;
  }
  .facts {
    flex: 0 1 auto;
    min-width: min(420px, 45%);
    color: var(--vscode-descriptionForeground);
    font-variant-numeric: tabular-nums;
  }
  .bar {
    flex: 1 0 80px;
    max-width: 320px;
    height: 4px;
    overflow: hidden;
    border-radius: 2px;
    background: color-mix(in srgb, var(--vscode-foreground) 16%, transparent);
    outline: 1px solid var(--vscode-contrastBorder, transparent);
  }
  .bar .done {
    height: 100%;
    background: var(--vscode-progressBar-background);
  }
  .bar.still .done {
    background: var(--vscode-descriptionForeground);
  }
  .commands {
    display: inline-flex;
    gap: 6px;
    margin-left: auto;
  }
  @media (max-width: 640px) {
    .status {
      flex-wrap: wrap;
    }
    .facts,
    .bar {
      flex-basis: 100%;
      max-width: none;
      order: 1;
    }
  }
`;
