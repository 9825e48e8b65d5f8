import { totalmem } from "node:os";
import * as vscode from "vscode";
import { planConfig } from "../engine/plan.ts";
import type { Salsa } from "../salsa.ts";
import type { ConfigFinding } from "./analysis/finding.ts";
import { pathLinks } from "./analysis/links.ts";
import { memoryFindings, shortfallFindings, unreadableFinding } from "./analysis/memory.ts";
import { readTree } from "./analysis/tree.ts";
import type { ConfigTree } from "./analysis/tree.ts";
import { fileUri, isRunnable } from "./documents.ts";

/** Milliseconds after a save before the config is planned: several saves in a row are one. */
const PAUSE = 500;

interface Check {
  readonly cancel: vscode.CancellationTokenSource;
  /** Of the document, as it was planned. */
  readonly version: number;
  readonly findings: readonly ConfigFinding[];
}

/**
 * Plans saved configs with the engine, to warn before the run starts: of stages that do not fit into memory, and of
 * settings that ask for more records than there are.
 */
export class MemoryChecks implements vscode.Disposable {
  private readonly salsa: Salsa;
  private readonly onResult: (document: vscode.TextDocument) => void;
  private readonly checks = new Map<string, Check>();

  constructor(salsa: Salsa, onResult: (document: vscode.TextDocument) => void) {
    this.salsa = salsa;
    this.onResult = onResult;
  }

  /** Warnings of the last plan; empty once the text has changed since. */
  findings({ uri, version }: vscode.TextDocument): readonly ConfigFinding[] {
    const check = this.checks.get(String(uri));
    return check?.version === version ? check.findings : [];
  }

  /** Plans a document that has just been saved. */
  check(document: vscode.TextDocument): void {
    this.forget(document.uri);
    const isWanted = vscode.workspace.getConfiguration("salsa", document.uri).get<boolean>("planOnSave", true);
    if (!isWanted || !isRunnable(document)) return;
    const cancel = new vscode.CancellationTokenSource();
    const { version } = document;
    this.checks.set(String(document.uri), { cancel, version, findings: [] });
    const timer = setTimeout(() => void this.plan(document, cancel), PAUSE);
    cancel.token.onCancellationRequested(() => clearTimeout(timer));
  }

  /** Cancels the plan of a document and discards its result. */
  forget(uri: vscode.Uri): void {
    this.checks.get(String(uri))?.cancel.cancel();
    this.checks.delete(String(uri));
  }

  dispose(): void {
    for (const { cancel } of this.checks.values()) cancel.cancel();
    this.checks.clear();
  }

  private async plan(document: vscode.TextDocument, cancel: vscode.CancellationTokenSource): Promise<void> {
    const { uri, version } = document;
    const tree = readTree(document.getText());
    const findings = await this.planned(uri, tree, cancel.token);
    if (cancel.token.isCancellationRequested || document.version !== version) return;
    this.checks.set(String(uri), { cancel, version, findings });
    this.onResult(document);
  }

  private async planned(uri: vscode.Uri, tree: ConfigTree, token: vscode.CancellationToken): Promise<ConfigFinding[]> {
    try {
      const plan = await planConfig(this.salsa.tool, uri, { token, isQuick: true });
      return [...memoryFindings(tree, plan, totalmem()), ...shortfallFindings(tree, plan.shortfalls)];
    } catch (error) {
      if (error instanceof vscode.CancellationError) return [];
      const message = error instanceof Error ? error.message : String(error);
      const files = pathLinks(tree).map(({ path, at }) => ({ path: at, file: fileUri(uri, path).fsPath }));
      const finding = unreadableFinding(tree, message, files);
      // Anything else is a fault of the engine and not of the config: commands that need it say so.
      if (finding === undefined) this.salsa.log.warn(`plan of ${uri.fsPath}: ${message}`);
      return finding === undefined ? [] : [finding];
    }
  }
}
