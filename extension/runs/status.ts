import { runTitle } from "../../engine/protocol/runTitle.ts";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { label } from "../label.ts";
import { t } from "../localize.ts";
import { percentText, progressText, runDescription, runIcon, statusText } from "./labels.ts";
import { escaped } from "./tooltip.ts";
import { isActive } from "./states.ts";

/** Content of the status bar item. */
export interface StatusLine {
  readonly text: string;
  /** Markdown with theme icons. */
  readonly tooltip: string;
  /** For screen readers. */
  readonly label: string;
  readonly isError: boolean;
}

/** Milliseconds in which a run that has ended is worth a place. */
const RECENT = 10 * 60_000;

/** One line for all runs; undefined when there is nothing to show. */
export function statusLine(
  runs: readonly RunSummary[],
  { ended, unseen, now }: StatusSettings,
): StatusLine | undefined {
  const active = runs.filter(isActive);
  const failed = runs.filter(({ folder }) => unseen.has(folder));
  const recent = runs.filter(({ folder }) => now - (ended.get(folder) ?? 0) < RECENT);
  const shown = [...new Set([...active, ...failed, ...recent])];
  const [first] = shown;
  if (first === undefined) return undefined;
  const titleOf = ({ folder }: RunSummary): string =>
    runTitle(
      folder,
      runs.map((run) => run.folder),
    );
  const what = label(lineText(active, failed, { first, titleOf }));
  const isError = failed.length > 0;
  const icon = isError ? "error" : active.length > 0 ? activeIcon(active) : runIcon(first).icon;
  const rows = shown.map(
    (run) => `$(${runIcon(run).icon}) **${escaped(titleOf(run))}** ${escaped(runDescription(run))}`,
  );
  return {
    text: `$(${icon}) ${what}`,
    tooltip: [...rows, t("Click to open the dashboard")].join("\n\n"),
    label: t("SALSA: {0}", what),
    isError,
  };
}

/** Inputs of the status line besides the runs. */
export interface StatusSettings {
  /** When runs ended while this window watched, by their folders. */
  readonly ended: ReadonlyMap<string, number>;
  /** Folders of runs that failed since the user last looked. */
  readonly unseen: ReadonlySet<string>;
  /** Milliseconds since 1970, as all times here. */
  readonly now: number;
}

function lineText(
  active: readonly RunSummary[],
  failed: readonly RunSummary[],
  { first, titleOf }: { readonly first: RunSummary; readonly titleOf: (run: RunSummary) => string },
): string {
  const [run, ...others] = active;
  if (run === undefined) {
    if (failed.length > 1) return t("{0} runs failed", failed.length);
    return t("{0} {1}", titleOf(first), statusText(first.status));
  }
  if (others.length > 0) {
    const shares = active
      .filter(({ status }) => status === "running")
      .map(({ progress }) => percentText(progress.fraction));
    const text = t("{0} runs", active.length);
    return shares.length === 0 ? text : `${text} · ${shares.slice(0, 3).join(", ")}`;
  }
  return run.status === "queued" ? `${titleOf(run)} · ${runDescription(run)}` : progressText(run);
}

function activeIcon(active: readonly RunSummary[]): string {
  return active.some(({ status }) => status === "running") ? "sync" : "clock";
}
