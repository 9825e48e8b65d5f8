import * as vscode from "vscode";

/** Registers `memory:`, a disk that only the editor can reach, with one config in its folder `/work`. */
export function activate({ subscriptions }: vscode.ExtensionContext): void {
  subscriptions.push(vscode.workspace.registerFileSystemProvider("memory", new MemoryDisk()));
}

const CONFIG = '{\n  "preset": "miniinstruct",\n  "itterations": 1\n}\n';

/** One folder of files. */
class MemoryDisk implements vscode.FileSystemProvider {
  private readonly files = new Map<string, Uint8Array>([["/work/demo.salsa.json", new TextEncoder().encode(CONFIG)]]);
  private readonly changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.changed.event;

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  stat({ path }: vscode.Uri): vscode.FileStat {
    const size = this.files.get(path)?.length;
    if (size === undefined && path !== "/work" && path !== "/") throw vscode.FileSystemError.FileNotFound(path);
    const type = size === undefined ? vscode.FileType.Directory : vscode.FileType.File;
    return { type, ctime: 0, mtime: 0, size: size ?? 0 };
  }

  readDirectory({ path }: vscode.Uri): [string, vscode.FileType][] {
    if (path === "/") return [["work", vscode.FileType.Directory]];
    return [...this.files.keys()].map((file) => [file.slice("/work/".length), vscode.FileType.File]);
  }

  readFile({ path }: vscode.Uri): Uint8Array {
    const bytes = this.files.get(path);
    if (bytes === undefined) throw vscode.FileSystemError.FileNotFound(path);
    return bytes;
  }

  writeFile(uri: vscode.Uri, bytes: Uint8Array): void {
    const type = this.files.has(uri.path) ? vscode.FileChangeType.Changed : vscode.FileChangeType.Created;
    this.files.set(uri.path, bytes);
    this.changed.fire([{ type, uri }]);
  }

  createDirectory({ path }: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(path);
  }

  delete({ path }: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(path);
  }

  rename({ path }: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(path);
  }
}
