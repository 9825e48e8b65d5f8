import * as vscode from "vscode";
import { readTarget } from "../runs/targets.ts";
import type { Command } from "../salsa.ts";
import { readCalled } from "./called.ts";
import { pickRun, pickRuns } from "./pickers.ts";

/** Opens the dashboard: on the run it was called on, or as it was. */
export const openDashboard: Command = {
  id: "salsa.openDashboard",
  run: async (salsa, ...args) => {
    const { folders, files } = readCalled(args);
    if (folders.length === 0 && files.length === 0) {
      salsa.dashboard.show();
      return;
    }
    const none = vscode.l10n.t("This config has not been run yet.");
    const run = await pickRun(salsa, args, { title: vscode.l10n.t("Open Dashboard"), none });
    // A line of the Runs view names what it leads to; a menu passes the lines that are selected.
    const target = readTarget(args[1]);
    const runs = folders.length > 1 ? folders : [run.folder];
    if (target === undefined) salsa.dashboard.show({ runs });
    else salsa.dashboard.show({ runs, view: target.view }, target.stages);
  },
};

/** Opens another dashboard beside the one in front: on the runs that it was called on, or on the same. */
export const openDashboardToSide: Command = {
  id: "salsa.openDashboardToSide",
  run: (salsa, ...args) => {
    const { folders } = readCalled(args);
    salsa.dashboard.showBeside(folders.length === 0 ? {} : { runs: folders });
    return Promise.resolve();
  },
};

/** Lays the curves of runs over each other. */
export const compareRuns: Command = {
  id: "salsa.compareRuns",
  run: async (salsa, ...args) => {
    const runs = await pickRuns(salsa, args, {
      title: vscode.l10n.t("Compare Runs: mark two or more"),
      none: vscode.l10n.t("Comparing needs two runs."),
    });
    salsa.dashboard.show({ view: "metrics", runs: runs.map(({ folder }) => folder) });
  },
};

/** Opens the samples: the models' responses. */
export const openSamples: Command = {
  id: "salsa.openSamples",
  run: async (salsa, ...args) => {
    const none = vscode.l10n.t("There are no runs yet.");
    const { folder } = await pickRun(salsa, args, { title: vscode.l10n.t("Open Samples"), none });
    salsa.dashboard.show({ view: "samples", runs: [folder] });
  },
};

/** Opens the win rates. */
export const openWinRates: Command = {
  id: "salsa.openWinRates",
  run: async (salsa, ...args) => {
    const { folder } = await pickRun(salsa, args, {
      title: vscode.l10n.t("Open Win-Rate Table"),
      fits: ({ tables }) => tables.includes("winRates"),
      none: vscode.l10n.t("No run has a win-rate table yet: it is written at the end of a run."),
      unfit: ({ id }) => vscode.l10n.t("{0} has no win-rate table yet: it is written at the end of a run.", id),
    });
    salsa.dashboard.show({ view: "winRates", runs: [folder] });
  },
};
