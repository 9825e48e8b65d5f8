import { isConfigName } from "../../engine/config/paths.ts";
import * as vscode from "vscode";
import { resolvePath } from "../../engine/config/paths.ts";
import type { TextChange } from "./analysis/edits.ts";
import type { Span } from "./analysis/tree.ts";

/** Documents that the providers handle. */
export const SELECTOR: vscode.DocumentSelector = [{ pattern: "**/*.salsa.{json,jsonc}" }];

/** True for a run config with a location of its own: neither a side of a diff nor an untitled document. */
export function isConfig({ uri }: vscode.TextDocument): boolean {
  if (!isConfigName(uri.path) || uri.scheme === "untitled") return false;
  return uri.scheme === "file" || vscode.workspace.getWorkspaceFolder(uri) !== undefined;
}

/** True if the engine can read a document and may be started for it. */
export function isRunnable({ uri }: vscode.TextDocument): boolean {
  return uri.scheme === "file" && vscode.workspace.isTrusted;
}

/** The path of a config as its settings are resolved against: of the disk, or of the virtual file system. */
export function pathOf({ scheme, fsPath, path }: vscode.Uri): string {
  return scheme === "file" ? fsPath : path;
}

/** Where a path lies that a config names. */
export function fileUri(config: vscode.Uri, path: string): vscode.Uri {
  const folder = pathOf(vscode.Uri.joinPath(config, ".."));
  const resolved = resolvePath(folder, path);
  return config.scheme === "file" ? vscode.Uri.file(resolved) : config.with({ path: resolved });
}

/** A part of the text as the editor counts it. */
export function rangeOf(document: vscode.TextDocument, { start, end }: Span): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}

/** Changes of the text as the editor makes them. */
export function editOf(document: vscode.TextDocument, changes: readonly TextChange[]): vscode.WorkspaceEdit {
  const edit = new vscode.WorkspaceEdit();
  for (const change of changes) edit.replace(document.uri, rangeOf(document, change), change.text);
  return edit;
}
