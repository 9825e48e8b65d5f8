import type { DashboardFocus } from "../../engine/protocol/dashboard.ts";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { t } from "../localize.ts";
import type { News } from "./news.ts";

/** A button of a message: a command that it runs on the run, or what it shows in the dashboard. */
export type NewsAction = { readonly title: string } & (
  | { readonly command: string }
  | { readonly focus: Partial<DashboardFocus> }
);

/**
 * The buttons of a message. It stays after the run has gone on: none of them may be wrong by then, as one would be that
 * stops a run which has finished.
 */
export function newsActions({ kind, run }: News): readonly NewsAction[] {
  const dashboard = { title: t("Open Dashboard"), command: "salsa.openDashboard" };
  const log = { title: t("Show Log"), command: "salsa.showLog" };
  const resume = { title: t("Resume"), command: "salsa.resume" };
  const alarms = run.nAlarms > 0 ? [showAlarms(run)] : [];
  switch (kind) {
    case "finished": {
      const table = { title: t("Open Win-Rate Table"), command: "salsa.openWinRates" };
      return [...(run.tables.length > 0 ? [table] : []), ...alarms, dashboard];
    }
    case "stopped":
      return [resume, ...alarms, dashboard];
    case "lost":
      return [resume, log, dashboard];
    case "failed":
      return [{ title: t("Retry"), command: "salsa.retry" }, log, dashboard];
    case "alarm":
      return alarms;
  }
}

/** Leads to the last alarm, which is the one that the message names. */
function showAlarms({ folder, alarm, nAlarms }: RunSummary): NewsAction {
  const title = nAlarms === 1 ? t("Show Alarm") : t("Show Alarms");
  const place = alarm && { stage: alarm.stage, step: alarm.step };
  return { title, focus: { view: "alarms", runs: [folder], ...(place && { place }) } };
}
