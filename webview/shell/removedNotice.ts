import type { TemplateResult } from "lit";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import { type Action, emptyNotice } from "../parts/notice.ts";
import { titleOfRun } from "./runList.ts";

/** Runs that are offered in the place of one that was removed. */
const MOST_OFFERED = 5;

/** Alternatives offered in place of a removed run. */
interface WaysOn {
  readonly runs: ReadonlyMap<string, RunSummary>;
  readonly show: (folder: string) => void;
  /** Opens the list of all runs. */
  readonly choose: () => void;
  readonly runConfig: () => void;
}

/** Says that a run was removed, and offers those that remain. */
export function removedNotice(folder: string, { runs, show, choose, runConfig }: WaysOn): TemplateResult {
  const newest = [...runs.values()].sort((a, b) => b.createdAt - a.createdAt);
  const offered = newest.slice(0, MOST_OFFERED).map((run): Action => ({
    label: titleOfRun({ runs }, run.folder),
    icon: "beaker",
    isSecondary: true,
    run: () => show(run.folder),
  }));
  const more: Action = { label: t("Choose a Run…"), icon: "list-selection", run: choose };
  const again: Action = { label: t("Run a Config…"), icon: "play", run: runConfig };
  return emptyNotice({
    icon: "trash",
    title: t("{0} was removed", titleOfRun({ runs }, folder)),
    text: runs.has(folder)
      ? t("Another run has its name and its folder now: {0}. These runs are there:", folder)
      : offered.length === 0
        ? t("Its folder is gone: {0}. No other run is left.", folder)
        : t("Its folder is gone: {0}. These runs are left:", folder),
    actions: offered.length === 0 ? [again] : newest.length > MOST_OFFERED ? [...offered, more] : offered,
  });
}
