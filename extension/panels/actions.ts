import { basename, extname } from "node:path";
import * as vscode from "vscode";
import type { DashboardRequests, FileContent } from "../../engine/protocol/dashboard.ts";
import { label } from "../label.ts";
import { type HostActions, isDashboardCommand } from "./session.ts";

type Params<M extends keyof HostActions> = DashboardRequests[M]["params"];

/** Actions that the editor performs for the dashboard. */
export const HOST_ACTIONS: HostActions = { command, save, openText, openFile, copy, promote, pinPrompt, measureFigure };

async function command({ command: name, folder }: Params<"command">): Promise<Record<string, never>> {
  if (!isDashboardCommand(name)) throw new Error(vscode.l10n.t("The dashboard may not run {0}", name));
  await vscode.commands.executeCommand(name, ...(folder === undefined ? [] : [folder]));
  return {};
}

async function save({ name, content }: Params<"save">): Promise<{ readonly saved: boolean }> {
  const file = basename(name);
  const extension = extname(file).slice(1);
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const uri = await vscode.window.showSaveDialog({
    title: vscode.l10n.t("Save {0}", file),
    ...(folder !== undefined && { defaultUri: vscode.Uri.joinPath(folder, file) }),
    ...(extension !== "" && { filters: { [extension.toUpperCase()]: [extension] } }),
  });
  if (uri === undefined) return { saved: false };
  try {
    await vscode.workspace.fs.writeFile(uri, bytesOf(content));
  } catch (cause) {
    throw new Error(saveFailure(uri, cause), { cause });
  }
  void offerToOpen(uri, extension);
  return { saved: true };
}

function bytesOf(content: FileContent): Uint8Array {
  return "text" in content ? new TextEncoder().encode(content.text) : Buffer.from(content.base64, "base64");
}

function saveFailure(uri: vscode.Uri, cause: unknown): string {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const place = uri.fsPath;
  if (reason.includes("ENOSPC"))
    return vscode.l10n.t("{0} was not saved: the disk is full. Free some space, then try again", place);
  const isReadOnly = cause instanceof vscode.FileSystemError && cause.code === "NoPermissions";
  if (isReadOnly || /EROFS|EACCES|EPERM/.test(reason)) {
    return vscode.l10n.t("{0} was not saved: it may not be written. Choose another folder", place);
  }
  return vscode.l10n.t("{0} was not saved: {1}", place, reason);
}

async function offerToOpen(uri: vscode.Uri, extension: string): Promise<void> {
  const open = vscode.l10n.t("Open");
  const message = vscode.l10n.t("Saved {0}.", vscode.workspace.asRelativePath(uri));
  if ((await vscode.window.showInformationMessage(label(message), open)) !== open) return;
  // As text it would be the source that opens.
  const isPicture = extension === "png" || extension === "svg";
  await vscode.commands.executeCommand(
    isPicture ? "vscode.open" : "vscode.openWith",
    uri,
    ...(isPicture ? [] : ["default"]),
  );
}

async function openText({ language, text }: Params<"openText">): Promise<Record<string, never>> {
  const known = await vscode.languages.getLanguages();
  const document = await vscode.workspace.openTextDocument({
    content: text,
    language: known.includes(language) ? language : "plaintext",
  });
  await vscode.window.showTextDocument(document, { preview: true });
  return {};
}

async function openFile({ file }: Params<"openFile">): Promise<Record<string, never>> {
  const uri = vscode.Uri.file(file);
  const found = await vscode.workspace.fs.stat(uri).then(
    ({ type }) => type,
    () => undefined,
  );
  if (found === undefined) throw new Error(vscode.l10n.t("{0} has been removed or moved", file));
  if ((found & vscode.FileType.Directory) === 0) {
    await vscode.commands.executeCommand("vscode.open", uri);
    return {};
  }
  const isInside = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  await vscode.commands.executeCommand(isInside ? "revealInExplorer" : "revealFileInOS", uri);
  return {};
}

async function copy({ text }: Params<"copy">): Promise<Record<string, never>> {
  await vscode.env.clipboard.writeText(text);
  return {};
}

async function promote({ folder, arm, beta }: Params<"promote">): Promise<Record<string, never>> {
  await vscode.commands.executeCommand("salsa.promoteArm", folder, { arm, beta });
  return {};
}

async function measureFigure({ folder, figure }: Params<"measureFigure">): Promise<Record<string, never>> {
  await vscode.commands.executeCommand("salsa.measureFigure", folder, figure);
  return {};
}

async function pinPrompt({ folder, prompt, from }: Params<"pinPrompt">): Promise<Record<string, never>> {
  await vscode.commands.executeCommand("salsa.pinPrompt", folder, { prompt, from });
  return {};
}
