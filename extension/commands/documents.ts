import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { label } from "../label.ts";
import type { Documents, Service } from "../salsa.ts";
import { sortedJson } from "./sortedJson.ts";

/** Scheme of documents that are on no disk: plans, findings, scores, and configs as resolved. */
const SCHEME = "salsa";
/** URI authorities: results are snapshots, configs can be regenerated from a run's folder. */
const RESULT = "result";
const CONFIG = "config";

/** The documents of this window. */
export class VirtualDocuments implements Documents, vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly service: Service;
  /** Results of this window; dropped when their tab is closed. */
  private readonly texts = new Map<string, string>();
  private readonly listening: vscode.Disposable;

  constructor(service: Service) {
    this.service = service;
    this.listening = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.texts.delete(uri.toString())),
    );
  }

  async showMarkdown({ title, text }: Parameters<Documents["showMarkdown"]>[0]): Promise<void> {
    // A result is of its moment: one that is made again does not replace the one that is open.
    const path = `/${label(title).replaceAll("/", "∕")}.md`;
    const uri = vscode.Uri.from({ scheme: SCHEME, authority: RESULT, path, query: randomUUID() });
    this.texts.set(uri.toString(), text);
    await vscode.commands.executeCommand("markdown.showPreview", uri);
  }

  /** Made from the run's folder, so that its tab outlasts a reload. */
  configOf({ id, folder }: Pick<RunSummary, "id" | "folder">): vscode.Uri {
    return vscode.Uri.from({ scheme: SCHEME, authority: CONFIG, path: `/${id}.json`, query: folder });
  }

  async provideTextDocumentContent(uri: vscode.Uri, token: vscode.CancellationToken): Promise<string> {
    if (uri.authority !== CONFIG) return this.texts.get(uri.toString()) ?? forgotten();
    const { config } = await this.service.request("provenance", { folder: uri.query }, token);
    return sortedJson(config);
  }

  dispose(): void {
    this.listening.dispose();
    this.texts.clear();
  }
}

function forgotten(): string {
  return vscode.l10n.t("This result was not kept when the window closed. Run the command again.");
}
