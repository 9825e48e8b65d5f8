import { relative } from "node:path";
import * as vscode from "vscode";
import { dictionary } from "../../engine/common/dictionary.ts";
import {
  LAYOUTS_FILE,
  type LayoutBook,
  type LayoutProblem,
  type MarksChange,
  type NamedLayout,
  type RunMarks,
} from "../../engine/protocol/runsLayout.ts";
import { assertTrusted } from "../engine/workspace.ts";
import { changeOwnFile, hasUnsavedChanges, readOwnFile } from "../ownFiles.ts";
import {
  type LayoutChange,
  type ReadLayouts,
  type SoundLayouts,
  changedLayoutBytes,
  hiddenLayouts,
  readLayoutBytes,
} from "./layoutFile.ts";

/** The file of layouts of a folder. */
interface ReadFile extends ReadLayouts {
  readonly folder: vscode.WorkspaceFolder;
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
    await this.write(holder?.folder ?? firstFolder(), { kind: "save", layout });
  }

  async remove(name: string): Promise<void> {
    const holder = this.files.find(({ content }) => hasLayout(content, name));
    if (holder !== undefined) await this.write(holder.folder, { kind: "delete", name });
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
    this.files = await Promise.all((vscode.workspace.workspaceFolders ?? []).map(readFile));
    const book = bookOf(this.files);
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

async function readFile(folder: vscode.WorkspaceFolder): Promise<ReadFile> {
  const uri = vscode.Uri.joinPath(folder.uri, LAYOUTS_FILE);
  try {
    return { folder, ...readLayoutBytes(await readOwnFile(uri), uri.fsPath) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { folder, text: "", content: { problems: [{ file: uri.fsPath, line: 1, message }] } };
  }
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

function bookOf(files: readonly ReadFile[]): LayoutBook {
  const layouts: NamedLayout[] = [];
  const marks = dictionary<RunMarks>();
  const problems: LayoutProblem[] = [];
  const sound: SoundLayouts[] = [];
  for (const { folder, text, content } of files) {
    if ("problems" in content) {
      problems.push(...content.problems);
      continue;
    }
    sound.push({ file: vscode.Uri.joinPath(folder.uri, LAYOUTS_FILE).fsPath, text, layouts: content.layouts });
    // Of one name in two folders, that of the first counts.
    for (const one of content.layouts) if (!layouts.some(({ name }) => name === one.name)) layouts.push(one);
    for (const [run, own] of Object.entries(content.runs)) marks[vscode.Uri.joinPath(folder.uri, run).fsPath] = own;
  }
  return { layouts, marks, problems: [...problems, ...hiddenLayouts(sound)] };
}

/** A run's folder as the file names it, the same on every system. */
function relativeName(folder: vscode.WorkspaceFolder, run: string): string {
  return relative(folder.uri.fsPath, run).replaceAll("\\", "/");
}
