import * as vscode from "vscode";
import { put } from "./analysis/edits.ts";
import { relativePath } from "./analysis/relativePath.ts";
import { readTree } from "./analysis/tree.ts";
import { editOf, pathOf } from "./documents.ts";

/** Prompts for a file or folder, and writes it into a config, relative to the config's folder. */
export async function pickPath(config: vscode.Uri, place: readonly (string | number)[]): Promise<void> {
  const isFolder = place.at(-1) === "checkpoint";
  const [picked] =
    (await vscode.window.showOpenDialog({
      canSelectFiles: !isFolder,
      canSelectFolders: isFolder,
      defaultUri: vscode.Uri.joinPath(config, ".."),
      title: isFolder ? vscode.l10n.t("Checkpoint folder") : vscode.l10n.t("File for {0}", place.join(".")),
      openLabel: vscode.l10n.t("Use"),
      ...(!isFolder && { filters: { [vscode.l10n.t("JSON lines")]: ["jsonl", "ndjson", "json"], "*": ["*"] } }),
    })) ?? [];
  if (picked === undefined) return;
  const document = await vscode.workspace.openTextDocument(config);
  const path = relativePath(pathOf(vscode.Uri.joinPath(config, "..")), pathOf(picked));
  await vscode.workspace.applyEdit(editOf(document, put(readTree(document.getText()), place, path)));
}
