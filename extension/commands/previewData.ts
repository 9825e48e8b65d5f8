import * as vscode from "vscode";
import { assertOnDisk } from "../engine/workspace.ts";
import type { Command } from "../salsa.ts";
import { pickConfig } from "./pickers.ts";
import { save } from "./run.ts";

/** Shows a config's data as its base model sees it. It only reads, so it works in Restricted Mode, too. */
export const previewData: Command = {
  id: "salsa.previewData",
  run: async (salsa, ...args) => {
    assertOnDisk();
    const file = await pickConfig(salsa, args, vscode.l10n.t("Preview Data"));
    await save(file);
    const source = args.find((one) => typeof one === "string");
    salsa.previews.show({ configFile: file.fsPath, ...(source !== undefined && { source }) });
  },
};
