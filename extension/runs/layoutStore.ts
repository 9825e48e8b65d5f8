import { relative } from "node:path";
import * as vscode from "vscode";
import { type FolderLayouts, layoutBookOf, unreadLayouts } from "../../engine/protocol/runsLayoutFile.ts";
import { LAYOUTS_FILE, type LayoutBook, type MarksChange, type NamedLayout } from "../../engine/protocol/runsLayout.ts";
import { assertTrusted } from "../engine/workspace.ts";
import { changeOwnFile, hasUnsavedChanges, readOwnFile } from "../ownFiles.ts";
import { type LayoutChange, changedLayoutBytes, readLayoutBytes } from "./layoutFile.ts";

/** The file of layouts of a folder of the workspace. */
interface ReadFile extends FolderLayouts {
  readonly at: vscode.WorkspaceFolder;
}

/** Layouts and marks of the workspace as they are now. */
export async function readLayoutBook(): Promise<LayoutBook> {
  return layoutBookOf(await readFiles());
}

/**
 * Layouts of the runs table, tags and notes: a file in each folder of the workspace, of which the first takes new layouts,
 * and each the marks of the runs below it. A file with mistakes is not read, and not written either.
 */
export class LayoutStore {
  private readonly changed = new vscode.EventEmitter<LayoutBook>();
  private watchers: vscode.Disposable[] = [];
  private readonly listening: vscode.Disposable;
  private files: readonly ReadFile[] = [];
  /** Changes are written one after the other. */
  private writing: Promise<unknown> = Promise.resolve();
  private isWanted = false;
  readonly onDidChange = this.changed.event;

  constructor() {
    this.listening = vscode.workspace.onDidChangeWorkspaceFolders(() => {
      if (this.isWanted) void this.load();
    });
  }

  /** Reads the files, and from then on again when they change. */
  async load(): Promise<LayoutBook> {
    this.isWanted = true;
    const folders = vscode.workspace.workspaceFolders ?? [];
    for (const watcher of this.watchers) watcher.dispose();
    this.watchers = folders.map((folder) => {
      const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, LAYOUTS_FILE));
      const again = (): void => void this.read();
      watcher.onDidChange(again);
      watcher.onDidCreate(again);
      watcher.onDidDelete(again);
      return watcher;
    });
    return this.read();
  }

  async save(layout: NamedLayout): Promise<void> {
    const holder = this.files.find(({ content }) => hasLayout(content, layout.name));
    await this.write(holder?.at ?? firstFolder(), { kind: "save", layout });
  }

  async remove(name: string): Promise<void> {
    const holder = this.files.find(({ content }) => hasLayout(content, name));
    if (holder !== undefined) await this.write(holder.at, { kind: "delete", name });
  }

  /** Changes name, tags and note of a run. @param run - Its folder. */
  async mark(run: string, marks: MarksChange): Promise<void> {
    const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(run)) ?? firstFolder();
    await this.write(folder, { kind: "mark", run: relativeName(folder, run), marks });
  }

  dispose(): void {
    this.changed.dispose();
    this.listening.dispose();
    for (const watcher of this.watchers) watcher.dispose();
  }

  private async read(): Promise<LayoutBook> {
    this.files = await readFiles();
    const book = layoutBookOf(this.files);
    this.changed.fire(book);
    return book;
  }

  private async write(folder: vscode.WorkspaceFolder, change: LayoutChange): Promise<void> {
    assertTrusted();
    const work = this.writing.then(() => writeChange(folder, change));
    this.writing = work.catch(() => undefined);
    await work;
    await this.read();
  }
}

function firstFolder(): vscode.WorkspaceFolder {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  if (first !== undefined) return first;
  throw new Error(vscode.l10n.t("Open a folder first: layouts, tags and notes are saved in it"));
}

function hasLayout(content: ReadFile["content"], wanted: string): boolean {
  return "layouts" in content && content.layouts.some(({ name }) => name === wanted);
}

function readFiles(): Promise<readonly ReadFile[]> {
  return Promise.all((vscode.workspace.workspaceFolders ?? []).map(readFile));
}

async function readFile(at: vscode.WorkspaceFolder): Promise<ReadFile> {
  const uri = vscode.Uri.joinPath(at.uri, LAYOUTS_FILE);
  const file = uri.fsPath;
  const read = await readOwnFile(uri).then(
    (bytes) => readLayoutBytes(bytes, file),
    (error: unknown) => unreadLayouts(file, error),
  );
  return { ...read, at, file, runFolder: (run) => vscode.Uri.joinPath(at.uri, run).fsPath };
}

/** The file is read again first: another window, or a person, may have written it meanwhile. */
async function writeChange(folder: vscode.WorkspaceFolder, change: LayoutChange): Promise<void> {
  const uri = vscode.Uri.joinPath(folder.uri, LAYOUTS_FILE);
  await changeOwnFile(uri, (bytes) => {
    if (hasUnsavedChanges(uri)) {
      throw new Error(vscode.l10n.t("{0} has unsaved changes in an editor. Save them first", uri.fsPath));
    }
    return changedLayoutBytes(bytes, uri.fsPath, change);
  });
}

/** A run's folder as the file names it, the same on every system. */
function relativeName(folder: vscode.WorkspaceFolder, run: string): string {
  return relative(folder.uri.fsPath, run).replaceAll("\\", "/");
}
