import { createHash } from "node:crypto";
import * as vscode from "vscode";
import { isConfigName } from "../../engine/config/paths.ts";
import { readConfig } from "../ownFiles.ts";
import { ConfigLinks } from "./configLinks.ts";
import { rootOf, rootsOf } from "./roots.ts";
import type { Memory } from "./selection.ts";

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
  /** Where configs are that were moved. */
  readonly links: ConfigLinks;

  constructor(memory: Memory) {
    this.links = new ConfigLinks(memory);
    const watcher = vscode.workspace.createFileSystemWatcher(PATTERN);
    const touch = (): void => this.schedule();
    this.listening = [
      this.changed,
      watcher,
      watcher.onDidCreate(touch),
      watcher.onDidChange(touch),
      watcher.onDidDelete(touch),
      vscode.workspace.onDidChangeWorkspaceFolders(touch),
      vscode.workspace.onDidRenameFiles(({ files }) => {
        for (const { oldUri, newUri } of files) this.links.move(oldUri.fsPath, newUri.fsPath);
        touch();
      }),
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
    const texts = await Promise.all(
      onDisk.map(async (uri) => [uri, await readConfig(uri).catch(() => undefined)] as const),
    );
    this.files = files;
    // A config that cannot be read keeps its runs beside it, like one that says nothing.
    const roots = texts.map(
      async ([uri, bytes]) => [uri.toString(), await rootOf(uri.fsPath, new TextDecoder().decode(bytes))] as const,
    );
    this.roots = new Map(await Promise.all(roots));
    this.links.update(
      new Map(texts.flatMap(([uri, bytes]) => (bytes === undefined ? [] : [[uri.fsPath, hashOf(bytes)]]))),
    );
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

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
