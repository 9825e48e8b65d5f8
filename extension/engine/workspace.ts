import * as vscode from "vscode";
import { ServiceError } from "./errors.ts";

/** True if folders are open and none of them is on a disk that a process can reach. */
export function isVirtual(): boolean {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.length > 0 && folders.every(({ uri }) => uri.scheme !== "file");
}

/** @throws {ServiceError} in a workspace that the engine cannot reach. */
export function assertOnDisk(): void {
  if (!isVirtual()) return;
  const message = vscode.l10n.t(
    "This workspace is not on a disk that the engine can reach. Open the folder from the disk, over Remote-SSH or in a container",
  );
  throw new ServiceError(message, "virtual");
}

/** @throws {ServiceError} in Restricted Mode. */
export function assertTrusted(): void {
  if (vscode.workspace.isTrusted) return;
  const message = vscode.l10n.t(
    "This workspace is in Restricted Mode: runs can be read and configs edited, but nothing can be started, changed or deleted. Trust the workspace first",
  );
  throw new ServiceError(message, "untrusted");
}
