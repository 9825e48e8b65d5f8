import * as vscode from "vscode";
import { runTitle } from "../../engine/protocol/runTitle.ts";
import type { Command } from "../salsa.ts";
import { CommandError } from "./failures.ts";

/** Copies a link to what the dashboard shows. */
export const copyLink: Command = {
  id: "salsa.copyLink",
  run: async ({ dashboard, runs }) => {
    const focus = dashboard.shown();
    if (focus === undefined || focus.runs.length === 0) {
      throw new CommandError(vscode.l10n.t("Open the dashboard on a run first."));
    }
    const folders = [...focus.runs, ...runs.all().map(({ folder }) => folder)];
    const titles = focus.runs.map((folder) => runTitle(folder, folders));
    const { view, place } = focus;
    // Loaded on first use, to keep activation short.
    const { viewLink } = await import("../../engine/protocol/viewLink.ts");
    const link = viewLink(vscode.env.uriScheme, { view, runs: titles, ...(place !== undefined && { place }) });
    await vscode.env.clipboard.writeText(link);
    vscode.window.setStatusBarMessage(vscode.l10n.t("Copied {0}", link), 5000);
    return link;
  },
};
