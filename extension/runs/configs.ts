import * as vscode from "vscode";
import { isConfigName } from "../commands/called.ts";
import { rootOf, rootsOf } from "./roots.ts";

const PATTERN = "**/*.salsa.json";
const ELSEWHERE = "{**/node_modules/**,**/.salsa/**}";
/** Milliseconds in which changes of files are gathered: a checkout touches many. */
const DELAY = 300;

/** The config files of the workspace, and the folders in which they keep runs. */
export class ConfigFiles {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly listening: readonly { dispose(): void }[];
  private files: readonly vscode.Uri[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** Folders of runs by config, by its URI. */
  private roots = new Map<string, string>();
  readonly onDidChange = this.changed.event;

  constructor() {
    const watcher = vscode.workspace.createFileSystemWatcher(PATTERN);
    const touch = (): void => this.schedule();
    this.listening = [
      this.changed,
      watcher,
      watcher.onDidCreate(touch),
      watcher.onDidChange(touch),
      watcher.onDidDelete(touch),
      vscode.workspace.onDidChangeWorkspaceFolders(touch),
      vscode.workspace.onDidOpenTextDocument(({ uri }) => {
        if (isOnDisk(uri) && !this.has(uri)) this.schedule();
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (this.has(uri)) this.schedule();
      }),
    ];
  }

  /** Sorted. */
  all(): readonly vscode.Uri[] {
    return this.files;
  }

  /** Every folder to look for runs in. */
  runRoots(): readonly string[] {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
    return rootsOf(
      this.roots.values(),
      folders.map(({ uri }) => uri.fsPath),
    );
  }

  /** Searches for configs and their run roots again. */
  async refresh(): Promise<void> {
    clearTimeout(this.timer);
    const found = await vscode.workspace.findFiles(PATTERN, ELSEWHERE);
    // Open configs count wherever they are: outside of the workspace, or where the search does not look.
    const open = vscode.workspace.textDocuments.map(({ uri }) => uri).filter(isOnDisk);
    const unique = new Map([...found, ...open].map((uri) => [uri.toString(), uri]));
    const files = [...unique.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    const onDisk = files.filter(({ scheme }) => scheme === "file");
    const roots = await Promise.all(onDisk.map(async (uri) => [uri.toString(), await readRoot(uri)] as const));
    this.files = files;
    this.roots = new Map(roots);
    this.changed.fire();
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const one of this.listening) one.dispose();
  }

  private has(uri: vscode.Uri): boolean {
    return this.files.some((one) => one.toString() === uri.toString());
  }

  private schedule(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), DELAY);
  }
}

function isOnDisk({ scheme, path }: vscode.Uri): boolean {
  return scheme === "file" && isConfigName(path);
}

/** A config that cannot be read keeps its runs beside it, like one that says nothing. */
async function readRoot(uri: vscode.Uri): Promise<string> {
  const bytes = await readFile(uri).catch(() => new Uint8Array());
  return rootOf(uri.fsPath, new TextDecoder().decode(bytes));
}

/** Largest config that is looked into, in bytes, as the engine has it. */
const MOST_CONFIG_BYTES = 16 * 1024 * 1024;

/** Nothing of what is no file: reading a pipe would wait for its other end. */
async function readFile(uri: vscode.Uri): Promise<Uint8Array> {
  const { type, size } = await vscode.workspace.fs.stat(uri);
  const isFile = (type & vscode.FileType.File) !== 0;
  return isFile && size <= MOST_CONFIG_BYTES ? vscode.workspace.fs.readFile(uri) : new Uint8Array();
}
