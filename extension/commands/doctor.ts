import { homedir } from "node:os";
import * as vscode from "vscode";
import { assertOnDisk } from "../engine/workspace.ts";
import type { Command } from "../salsa.ts";
import { type Diagnosis, type DoctorCheck, doctorMarkdown } from "./doctorMarkdown.ts";
import { withProgress } from "./progress.ts";

/** Looks at the machine, and says what is missing and how to get it; also when the engine itself does not start. */
export const doctor: Command = {
  id: "salsa.doctor",
  run: async (salsa) => {
    assertOnDisk();
    const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file")?.uri.fsPath;
    const diagnosis = await withProgress(vscode.l10n.t("Looking at this machine"), async ({ token }) => {
      let findings: readonly DoctorCheck[] = [];
      const onLine = (line: unknown): void => {
        findings = (line as Partial<Diagnosis>).findings ?? findings;
      };
      try {
        await salsa.tool.run(["doctor"], { folder: folder ?? homedir(), token, onLine });
        return { findings };
      } catch (error) {
        // It ends as failed where something is missing, having said what.
        if (findings.length > 0) return { findings };
        if (token.isCancellationRequested) throw error;
        return { findings, problem: error instanceof Error ? error.message : String(error) };
      }
    });
    const { version } = salsa.context.extension.packageJSON as { readonly version: string };
    const place = { extension: version, editor: vscode.version, platform: `${process.platform}-${process.arch}` };
    await salsa.documents.showMarkdown({ title: vscode.l10n.t("Doctor"), text: doctorMarkdown(diagnosis, place) });
  },
};
