import * as vscode from "vscode";
import { PLOT_FORMATS } from "../../engine/protocol/dashboard.ts";
import type { RunOutline } from "../../engine/protocol/service.ts";
import type { Command, Salsa } from "../salsa.ts";
import { readCalled } from "./called.ts";
import { CommandError } from "./failures.ts";
import { metricItems } from "./metricItems.ts";
import { picked, pickRun } from "./pickers.ts";

/** Saves the plot of a metric, drawn as the dashboard draws it. */
export const exportPlot: Command = {
  id: "salsa.exportPlot",
  run: async (salsa, ...args) => {
    const runs = await shownRuns(salsa, args);
    const outlines = await Promise.all(runs.map((folder) => salsa.service.request("outline", { folder })));
    const metric = await pickMetric(outlines);
    const title = vscode.l10n.t("Export Plot: format");
    const formats = PLOT_FORMATS.map((format) => ({ format, label: format.toUpperCase(), description: about(format) }));
    // After the first question the editor gives the focus back to the page, which would close this one.
    const { format } = await picked(vscode.window.showQuickPick(formats, { title, ignoreFocusOut: true }));
    salsa.dashboard.show({ view: "metrics", runs });
    salsa.dashboard.exportPlot(metric, format);
  },
};

/** Runs that the command was called on, those that the dashboard shows, or the one that is picked. */
async function shownRuns(salsa: Salsa, args: readonly unknown[]): Promise<readonly string[]> {
  const { folders } = readCalled(args);
  if (folders.length > 0) return folders;
  const focused = salsa.dashboard.focused() ?? [];
  if (focused.length > 0) return focused;
  const none = vscode.l10n.t("There are no runs yet.");
  return [(await pickRun(salsa, args, { title: vscode.l10n.t("Export Plot"), none })).folder];
}

async function pickMetric(outlines: readonly RunOutline[]): Promise<string> {
  const items = await metricItems(outlines);
  if (items.length === 0)
    throw new CommandError(vscode.l10n.t("No metrics have been recorded yet. Wait for the first ones."));
  const title = vscode.l10n.t("Export Plot: metric");
  const options = { title, matchOnDescription: true, matchOnDetail: true };
  return (await picked(vscode.window.showQuickPick(items, options))).metric;
}

function about(format: (typeof PLOT_FORMATS)[number]): string {
  switch (format) {
    case "svg":
      return vscode.l10n.t("for papers, at any size");
    case "png":
      return vscode.l10n.t("for slides");
    case "csv":
      return vscode.l10n.t("the numbers");
  }
}
