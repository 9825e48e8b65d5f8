import * as vscode from "vscode";
import { label } from "../label.ts";
import type { Command } from "../salsa.ts";
import { CommandError } from "./failures.ts";
import { pickRuns } from "./pickers.ts";

/** Shows the differences between the resolved configs of two runs. */
export const diffConfigs: Command = {
  id: "salsa.diffConfigs",
  run: async (salsa, ...args) => {
    const none = vscode.l10n.t("Comparing needs two runs.");
    const title = vscode.l10n.t("Diff Configs: mark two runs");
    const [a, b] = await pickRuns(salsa, args, { title, none, most: 2 });
    if (a === undefined || b === undefined) throw new CommandError(none);
    // An earlier run stands on the left, as an earlier version does.
    const [left, right] = a.createdAt <= b.createdAt ? [a, b] : [b, a];
    await vscode.commands.executeCommand(
      "vscode.diff",
      salsa.documents.configOf(left),
      salsa.documents.configOf(right),
      label(vscode.l10n.t("Configs: {0} ↔ {1}", left.id, right.id)),
    );
  },
};
