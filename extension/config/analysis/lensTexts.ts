import type { RunSummary } from "../../../engine/protocol/service.ts";
import type { WinRateRow } from "../../../engine/protocol/verdicts.ts";
import { label } from "../../label.ts";
import { t } from "../../localize.ts";
import { durationText, percentText, rateText } from "../../runs/labels.ts";
import { isActive } from "../../runs/states.ts";

/** A code lens above a config or an arm; without a command it is plain text. */
export interface LensText {
  readonly title: string;
  readonly command?: string;
  /** Argument of the command: the config, a run's folder, or a source of the config's data. */
  readonly on?: "config" | { readonly folder: string } | { readonly source: string };
}

/** Lenses above a config: its actions, and the state of its newest run. */
export function configLenses(runs: readonly RunSummary[], { canRun }: { readonly canRun: boolean }): LensText[] {
  const [newest] = runs;
  const actions: LensText[] = [
    { title: `$(play) ${t("Run")}`, command: "salsa.run", on: "config" },
    { title: `$(checklist) ${t("Plan")}`, command: "salsa.plan", on: "config" },
  ];
  const active = runs.filter(isActive).map(({ folder, id }): LensText => {
    const title = runs.filter(isActive).length === 1 ? t("Stop") : t("Stop {0}", label(id));
    return { title: `$(debug-stop) ${title}`, command: "salsa.stop", on: { folder } };
  });
  const dashboard: LensText = {
    title: `$(dashboard) ${t("Open dashboard")}`,
    command: "salsa.openDashboard",
    ...(newest !== undefined && { on: { folder: newest.folder } }),
  };
  return [...(canRun ? actions : []), ...active, dashboard, ...(newest === undefined ? [] : [newestLens(newest)])];
}

/** The lens above a source of data. */
export function sourceLens(source: string): LensText {
  return { title: `$(eye) ${t("Preview")}`, command: "salsa.previewData", on: { source } };
}

/** Lenses above an arm: its number of candidates for β, and its result in the newest run that has one. */
export function armLenses(nBetas: number, result: ArmResult | undefined): LensText[] {
  const betas = nBetas > 1 ? [{ title: t("{0} candidates for β", nBetas) }] : [];
  if (result === undefined) return betas;
  const { run, row } = result;
  const title = label(t("{0} vs {1} on {2} ({3})", intervalText(row), row.b, row.benchmark, run.id));
  return [...betas, { title, command: "salsa.openWinRates", on: { folder: run.folder } }];
}

/** An arm's comparison in a run. */
export interface ArmResult {
  readonly run: Pick<RunSummary, "id" | "folder">;
  readonly row: WinRateRow;
}

/** The comparison to show for an arm: over all seeds, against another arm if there is one. */
export function armRow(rows: readonly WinRateRow[], arm: string, arms: readonly string[]): WinRateRow | undefined {
  const own = rows.filter(({ a, adjusted }) => a === arm && adjusted !== null);
  const pooled = own.filter(({ seed }) => seed === "all");
  const candidates = pooled.length > 0 ? pooled : own;
  return candidates.find(({ b }) => arms.includes(b)) ?? candidates[0];
}

function newestLens(run: RunSummary): LensText {
  const hasTables = run.tables.length > 0 && run.status === "finished";
  return {
    title: runText(run),
    command: hasTables ? "salsa.openWinRates" : "salsa.openDashboard",
    on: { folder: run.folder },
  };
}

function runText({ status, progress, result, failure, ahead, reason, problem, ...run }: RunSummary): string {
  const id = label(run.id);
  const share = percentText(progress.fraction);
  if (problem !== undefined) return t("$(warning) {0}: {1}", id, firstLine(problem));
  switch (status) {
    case "queued":
      if (reason !== undefined) return t("$(watch) {0} queued: {1}", id, firstLine(reason));
      return ahead === undefined || ahead === 0
        ? t("$(watch) {0} queued", id)
        : t("$(watch) {0} queued behind {1}", id, ahead);
    case "running": {
      const { secondsLeft } = progress;
      return secondsLeft === undefined
        ? t("$(sync) {0} running {1}", id, share)
        : t("$(sync) {0} running {1}, {2} left", id, share, durationText(secondsLeft));
    }
    case "finished":
      return result === undefined
        ? t("$(pass) {0} finished", id)
        : t("$(pass) {0} finished: {1} {2} vs {3}", id, label(result.a), intervalText(result), label(result.b));
    case "stopped":
      return t("$(debug-pause) {0} stopped at {1}", id, share);
    case "failed":
      return t("$(error) {0} failed: {1}", id, firstLine(failure?.message ?? t("see the engine log")));
    case "lost":
      return t("$(warning) {0} was cut off at {1}", id, share);
  }
}

/** `58.0 % (56.2–59.7)` */
function intervalText({ adjusted, low, high }: Pick<WinRateRow, "adjusted" | "low" | "high">): string {
  const rate = rateText(adjusted ?? NaN);
  if (low === null || high === null) return rate;
  return `${rate} (${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)})`;
}

function firstLine(text: string): string {
  const line = text.split("\n")[0] ?? "";
  return label(line.length > 80 ? `${line.slice(0, 79)}…` : line);
}
