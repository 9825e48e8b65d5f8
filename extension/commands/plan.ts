import { totalmem } from "node:os";
import * as vscode from "vscode";
import { planConfig } from "../engine/plan.ts";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import type { Command } from "../salsa.ts";
import { pickConfig } from "./pickers.ts";
import { withProgress } from "./progress.ts";
import { save } from "./run.ts";

/** Shows the plan of a config without running it. */
export const plan: Command = {
  id: "salsa.plan",
  run: async (salsa, ...args) => {
    assertOnDisk();
    assertTrusted();
    const file = await pickConfig(salsa, args, vscode.l10n.t("Plan Config"));
    await save(file);
    const name = vscode.workspace.asRelativePath(file);
    const planned = await withProgress(vscode.l10n.t("Planning {0}", name), ({ token }) =>
      planConfig(salsa.tool, file, { token }),
    );
    // Loaded on first use, to keep activation short.
    const { planMarkdown } = await import("./planMarkdown.ts");
    const text = planMarkdown(planned, { file: name, memoryBytes: machineMemory() });
    await salsa.documents.showMarkdown({ title: vscode.l10n.t("Plan of {0}", planned.name), text });
  },
};

/** Memory of this machine, or of the container. */
function machineMemory(): number {
  const limit = process.constrainedMemory();
  // Without a limit, some systems report 0 and some a number beyond all memory.
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}
