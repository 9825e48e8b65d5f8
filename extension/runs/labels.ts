import { formatFileSize } from "../../engine/common/format.ts";
import type { ModelWait } from "../../engine/protocol/editorModels.ts";
import type { DownloadState, RunStatus, StageStatus } from "../../engine/protocol/runState.ts";
import type { RunResultLine, RunSummary } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import type { RunOrder } from "./selection.ts";
import { type SectionName, isActive } from "./states.ts";

/** An icon of the editor's with a colour of its theme's. */
export interface IconName {
  readonly icon: string;
  readonly color?: string;
}

// None of them spins: for as long as a run takes, that would repaint the window twenty times a second.
const RUN_ICONS: Readonly<Record<RunStatus, IconName>> = {
  queued: { icon: "clock", color: "charts.blue" },
  running: { icon: "sync", color: "charts.blue" },
  finished: { icon: "pass", color: "testing.iconPassed" },
  stopped: { icon: "debug-pause", color: "charts.yellow" },
  failed: { icon: "error", color: "testing.iconFailed" },
  lost: { icon: "debug-disconnect", color: "list.warningForeground" },
};

/** Shows a run's state. */
export function runIcon({ status, problem }: Pick<RunSummary, "status" | "problem">): IconName {
  return problem === undefined ? RUN_ICONS[status] : { icon: "warning", color: "list.warningForeground" };
}

/** Shows a stage's state. */
export const STAGE_ICONS: Readonly<Record<StageStatus, IconName>> = {
  waiting: { icon: "circle-large-outline" },
  running: { icon: "sync", color: "charts.blue" },
  stopped: { icon: "debug-pause", color: "charts.yellow" },
  cached: { icon: "archive", color: "testing.iconPassed" },
  finished: { icon: "pass", color: "testing.iconPassed" },
  failed: { icon: "error", color: "testing.iconFailed" },
  dropped: { icon: "circle-slash", color: "descriptionForeground" },
};

/** Name of a state. */
export function statusText(status: RunStatus): string {
  switch (status) {
    case "queued":
      return t("queued");
    case "running":
      return t("running");
    case "finished":
      return t("finished");
    case "stopped":
      return t("stopped");
    case "failed":
      return t("failed");
    case "lost":
      return t("cut off");
  }
}

/** Heading of the runs in like states. */
export function sectionText(name: SectionName): string {
  switch (name) {
    case "active":
      return t("Active");
    case "finished":
      return t("Finished");
    case "ended":
      return t("Stopped or Failed");
  }
}

/** Name of an order. */
export function orderText(order: RunOrder): string {
  switch (order) {
    case "newest":
      return t("Newest first");
    case "name":
      return t("Name");
    case "status":
      return t("State: active first");
    case "result":
      return t("Win rate: highest first");
  }
}

/** All that a run's line shows: drawing it again where it is the same would only keep an idle window busy. */
export function runLine(run: RunSummary): string {
  return JSON.stringify([run.id, run.status, run.tables, runDescription(run), runIcon(run), runContext(run)]);
}

/** Description that follows the name on a run's line. */
export function runDescription(run: RunSummary): string {
  const parts = [mainText(run)];
  if (run.nAlarms > 0) parts.push(run.nAlarms === 1 ? t("1 alarm") : t("{0} alarms", run.nAlarms));
  return parts.filter((part) => part !== "").join(" · ");
}

function mainText(run: RunSummary): string {
  const { status, problem, result, progress, failure, createdAt, download, waits = [] } = run;
  if (problem !== undefined) return problem;
  if (download !== undefined && (status === "queued" || status === "running")) return downloadText(download);
  switch (status) {
    case "queued":
      return queuedText(run);
    case "running":
      return [progressText(run), ...waits.map(waitText)].join(" · ");
    case "finished":
      return result === undefined ? dateText(createdAt) : resultText(result);
    case "stopped":
      return t("stopped at {0}", percentText(progress.fraction));
    case "failed":
      return failedText(failure?.stage ?? undefined);
    case "lost":
      return t("cut off at {0}", percentText(progress.fraction));
  }
}

/** "queued, 2 ahead" */
export function queuedText({ ahead, reason }: Pick<RunSummary, "ahead" | "reason">): string {
  if (reason !== undefined) return t("queued: {0}", reason);
  return ahead === undefined ? t("queued") : t("queued, {0} ahead", ahead);
}

/** "downloading train.parquet: 32.0 MB of 1.2 GB" */
function downloadText({ file, doneBytes, totalBytes }: DownloadState): string {
  const name = file.split("/").at(-1) ?? file;
  return t("downloading {0}: {1} of {2}", name, formatFileSize(doneBytes), formatFileSize(totalBytes));
}

function waitText({ model, reason }: ModelWait): string {
  switch (reason) {
    case "window":
      return t("waits for a window that asks {0}", model);
    case "missing":
      return t("waits for a window that has {0}", model);
    case "consent":
      return t("waits for your consent to ask {0}", model);
    case "blocked":
      return t("waits for the quota of {0}", model);
  }
}

function failedText(stage: string | undefined): string {
  return stage === undefined ? t("failed") : t("failed in {0}", stage);
}

/** "salsa · 58 % · 3 min left" */
export function progressText({ progress }: Pick<RunSummary, "progress">): string {
  const { stage, fraction, secondsLeft } = progress;
  const left = secondsLeft === undefined ? "" : t("{0} left", durationText(secondsLeft));
  return [stage, percentText(fraction), left].filter((part) => part !== "").join(" · ");
}

/** "salsa 58.0 % vs ppo" */
export function resultText({ a, b, adjusted }: RunResultLine): string {
  return t("{0} {1} vs {2}", a, rateText(adjusted), b);
}

/** "58 %", rounded down: a run at 100 % is done. */
export function percentText(fraction: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, fraction)) * 100)} %`;
}

/** "58.0 %" */
export function rateText(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`;
}

/** An estimated time; the estimate is no finer than a second. */
export function timeText(seconds: number): string {
  return seconds < 1 ? t("under 1 s") : durationText(seconds);
}

/** "42 s", "3 min", "2 h 05 min", "3 d 4 h". */
export function durationText(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return t("{0} s", s);
  const min = Math.round(s / 60);
  if (min < 60) return t("{0} min", min);
  const h = Math.floor(min / 60);
  if (h < 48) return t("{0} h {1} min", h, String(min % 60).padStart(2, "0"));
  return t("{0} d {1} h", Math.floor(h / 24), h % 24);
}

/** In the reader's own way of writing dates. */
export function dateText(time: number): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** Context value by which menus select the commands for a run. */
export function runContext(run: RunSummary): string {
  const words = ["run"];
  if (isActive(run)) words.push("active");
  if (run.status === "stopped" || run.status === "lost") words.push("resumable");
  if (run.status === "failed") words.push("failed");
  if (run.tables.length > 0) words.push("tables");
  return words.join(" ");
}
