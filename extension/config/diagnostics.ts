import * as vscode from "vscode";
import { visible } from "../../engine/common/visible.ts";
import type { Salsa } from "../salsa.ts";
import { findingText } from "./analysis/finding.ts";
import type { ConfigFinding } from "./analysis/finding.ts";
import { findingsOf, pathsToCheck } from "./analysis/findings.ts";
import { readTree } from "./analysis/tree.ts";
import { fileUri, isConfig, pathOf, rangeOf } from "./documents.ts";
import { MemoryChecks } from "./memoryChecks.ts";

/** Milliseconds without an edit before a config is looked at. */
const PAUSE = 250;

const SEVERITIES = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
} as const;

/** Diagnostics of configs, updated after edits, after files appear or disappear, and after plans of saved configs. */
export class ConfigDiagnostics implements vscode.Disposable {
  private readonly salsa: Salsa;
  private readonly collection = vscode.languages.createDiagnosticCollection("salsa");
  private readonly waiting = new Map<string, NodeJS.Timeout>();
  private readonly known = new Map<string, { readonly version: number; readonly findings: readonly ConfigFinding[] }>();
  private readonly memory: MemoryChecks;
  private readonly listeners: vscode.Disposable;

  constructor(salsa: Salsa) {
    this.salsa = salsa;
    this.memory = new MemoryChecks(salsa, (document) => this.show(document));
    const { workspace, window } = vscode;
    this.listeners = vscode.Disposable.from(
      workspace.onDidOpenTextDocument((document) => this.schedule(document, 0)),
      workspace.onDidChangeTextDocument(({ document }) => this.schedule(document, PAUSE)),
      workspace.onDidSaveTextDocument((document) => void this.saved(document)),
      workspace.onDidCloseTextDocument(({ uri }) => this.forget(uri)),
      workspace.onDidCreateFiles(() => this.all()),
      workspace.onDidDeleteFiles(() => this.all()),
      workspace.onDidRenameFiles(() => this.all()),
      // Files may have been made outside of the editor in the meantime.
      window.onDidChangeActiveTextEditor((editor) => editor && this.schedule(editor.document, 0)),
      window.onDidChangeWindowState(({ focused }) => focused && this.all()),
    );
    this.all();
  }

  /** Findings for the current version of a document; empty while the check is pending. */
  findings({ uri, version }: vscode.TextDocument): readonly ConfigFinding[] {
    const known = this.known.get(String(uri));
    return known?.version === version ? known.findings : [];
  }

  dispose(): void {
    for (const timer of this.waiting.values()) clearTimeout(timer);
    this.listeners.dispose();
    this.memory.dispose();
    this.collection.dispose();
  }

  private all(): void {
    for (const document of vscode.workspace.textDocuments) this.schedule(document, 0);
  }

  private schedule(document: vscode.TextDocument, pause: number): void {
    if (!isConfig(document)) return;
    const key = String(document.uri);
    clearTimeout(this.waiting.get(key));
    const look = (): void => {
      this.waiting.delete(key);
      this.look(document).catch((error: unknown) => this.salsa.log.error(String(error)));
    };
    this.waiting.set(key, setTimeout(look, pause));
  }

  private async saved(document: vscode.TextDocument): Promise<void> {
    if (!isConfig(document)) return;
    await this.look(document);
    const hasErrors = this.findings(document).some(({ severity }) => severity === "error");
    if (!hasErrors) this.memory.check(document);
  }

  private async look(document: vscode.TextDocument): Promise<void> {
    const { version } = document;
    const tree = readTree(document.getText());
    const file = pathOf(document.uri);
    const missing = await missingPaths(document.uri, pathsToCheck(tree, file));
    // The document was edited or closed while files were checked, so these findings are obsolete.
    if (document.version !== version || document.isClosed) return;
    const findings = findingsOf(tree, { file, exists: (path) => !missing.has(path) });
    this.known.set(String(document.uri), { version, findings });
    this.show(document);
  }

  private show(document: vscode.TextDocument): void {
    const memory = this.memory.findings(document);
    const findings = [...this.findings(document), ...memory];
    this.collection.set(
      document.uri,
      findings.map((finding) => diagnosticOf(document, finding)),
    );
  }

  private forget(uri: vscode.Uri): void {
    clearTimeout(this.waiting.get(String(uri)));
    this.waiting.delete(String(uri));
    this.known.delete(String(uri));
    this.memory.forget(uri);
    this.collection.delete(uri);
  }
}

async function missingPaths(config: vscode.Uri, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const missing = await Promise.all(paths.map(async (path) => ((await isThere(fileUri(config, path))) ? [] : [path])));
  return new Set(missing.flat());
}

/** A file that cannot be asked about, on a host that does not answer, is not called missing. */
async function isThere(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch (error) {
    return !(error instanceof vscode.FileSystemError && error.code === "FileNotFound");
  }
}

function diagnosticOf(document: vscode.TextDocument, finding: ConfigFinding): vscode.Diagnostic {
  const range = rangeOf(document, finding.span);
  const diagnostic = new vscode.Diagnostic(range, visible(findingText(finding)), SEVERITIES[finding.severity]);
  diagnostic.source = "SALSA";
  diagnostic.code = finding.code;
  return diagnostic;
}
