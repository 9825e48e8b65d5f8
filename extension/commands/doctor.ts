import { homedir } from "node:os";
import * as vscode from "vscode";
import type { DoctorCheck } from "../../engine/protocol/toolOutput.ts";
import { assertOnDisk } from "../engine/workspace.ts";
import type { Command } from "../salsa.ts";
import { doctorMarkdown } from "./doctorMarkdown.ts";
import { withProgress } from "./progress.ts";

/** Checks the machine and reports missing parts with remedies, even when the engine itself does not start. */
export const doctor: Command = {
  id: "salsa.doctor",
  run: async (salsa) => {
    assertOnDisk();
    const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file")?.uri.fsPath;
    const diagnosis = await withProgress(vscode.l10n.t("Checking this machine"), async ({ token }) => {
      const { readDoctorOutput } = await import("../../engine/protocol/toolOutput.ts");
      let findings: readonly DoctorCheck[] = [];
      const onLine = (line: unknown): void => {
        findings = readDoctorOutput(line)?.findings ?? findings;
      };
      try {
        await salsa.tool.run(["doctor"], { folder: folder ?? homedir(), token, onLine });
        return { findings };
      } catch (error) {
        // It fails if something is missing, after printing its findings.
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
