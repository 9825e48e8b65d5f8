import * as vscode from "vscode";
import type * as InTurn from "./inTurn.ts";

/** Largest file of ours that is read, in bytes: votes of years. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Largest config that is read, in bytes, as the engine has it. */
const MOST_CONFIG_BYTES = 16 * 1024 * 1024;

/**
 * Content of a file that this extension keeps in the workspace; undefined where there is none. The workspace may come from
 * somebody else: a link there could lead anywhere, and reading a pipe would wait for its other end.
 * @throws {Error} when it is a link, a pipe or a device, or too large.
 */
export async function readOwnFile(file: vscode.Uri, mostBytes = MOST_BYTES): Promise<Uint8Array | undefined> {
  const found = await entryOf(file);
  if (found === undefined) return undefined;
  if (found.size <= mostBytes) return (await turns()).readSettled(() => vscode.workspace.fs.readFile(file));
  throw new Error(
    vscode.l10n.t("{0} holds {1} bytes, more than are read. Is it the right file?", file.fsPath, found.size),
  );
}

/** True while an editor of this window holds changes of such a file that are not saved. */
export function hasUnsavedChanges(file: vscode.Uri): boolean {
  return vscode.workspace.textDocuments.some(
    (document) => document.isDirty && document.uri.toString() === file.toString(),
  );
}

/**
 * Changes such a file, of which other windows lose nothing: it is read just before it is written, in turn with them.
 *
 * @param file - Its place.
 * @param change - Gives the new content; undefined leaves the file as it is.
 * @param mostBytes - Of a larger file nothing is read or written.
 * @throws {Error} what `change` throws, or when a link, a pipe or a device stands in its place.
 */
export async function changeOwnFile(
  file: vscode.Uri,
  change: (before: Uint8Array | undefined) => Uint8Array | undefined,
  mostBytes = MOST_BYTES,
): Promise<void> {
  const next = async (): Promise<Uint8Array | undefined> => change(await readOwnFile(file, mostBytes));
  if (file.scheme === "file") return (await turns()).inTurn(file.fsPath, next);
  // Other disks have no file that only one can make.
  const content = await next();
  if (content !== undefined) await vscode.workspace.fs.writeFile(file, content);
}

/** Loaded on first use: configs are read at activation, and own files later. */
const turns = (): Promise<typeof InTurn> => import("./inTurn.ts");

/** Content of a config, which may be a link; none of what is no file, or larger than any config. */
export async function readConfig(config: vscode.Uri): Promise<Uint8Array> {
  const { type, size } = await vscode.workspace.fs.stat(config);
  const isFile = (type & vscode.FileType.File) !== 0;
  return isFile && size <= MOST_CONFIG_BYTES ? vscode.workspace.fs.readFile(config) : new Uint8Array();
}

/** Looks at what stands there: a link that leads nowhere is a link, too. */
async function entryOf(file: vscode.Uri): Promise<vscode.FileStat | undefined> {
  let found: vscode.FileStat;
  try {
    found = await vscode.workspace.fs.stat(file);
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === "FileNotFound") return undefined;
    throw error;
  }
  if (found.type === vscode.FileType.File) return found;
  throw new Error(
    vscode.l10n.t(
      "{0} is a link or no file, and is neither read nor written. Put a file in its place, or remove it",
      file.fsPath,
    ),
  );
}
