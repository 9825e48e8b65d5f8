import * as vscode from "vscode";
import { isHubName } from "../../engine/config/paths.ts";
import type { SeenCluster } from "../../engine/protocol/clusterFacts.ts";
import { formatAgo } from "../commands/format.ts";
import { label } from "../label.ts";
import type { Salsa } from "../salsa.ts";
import { completionContext } from "./analysis/completions.ts";
import type {
  ClusterContext,
  ColumnKeysContext,
  ColumnsContext,
  NamesContext,
  PathContext,
} from "./analysis/completions.ts";
import { clusterText, numberChoices } from "./analysis/clusterNumbers.ts";
import { readTree } from "./analysis/tree.ts";
import { fileUri, isConfig, rangeOf } from "./documents.ts";
import { seenCluster } from "./seenClusters.ts";

/** Completes names of models and benchmarks, paths, columns of data and a cluster's numbers, none of which the JSON schema can know. */
export class ConfigCompletions implements vscode.CompletionItemProvider {
  static readonly triggers = ['"', "/", "["];
  private readonly salsa: Pick<Salsa, "service" | "models" | "log" | "context">;

  constructor(salsa: Pick<Salsa, "service" | "models" | "log" | "context">) {
    this.salsa = salsa;
  }

  async provideCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.CompletionItem[]> {
    if (!isConfig(document)) return [];
    const context = completionContext(readTree(document.getText()), document.offsetAt(position));
    if (context === undefined) return [];
    const range = rangeOf(document, context.span);
    switch (context.kind) {
      case "names":
        return nameItems(context, range);
      case "path":
        return pathItems(document.uri, context, range);
      case "columnKeys":
        return columnKeyItems(context, range);
      case "columns":
        return columnItems(await this.columns(document.uri, context, token), range);
      case "editorModels":
        return modelItems(await this.salsa.models.all(), range);
      case "cluster":
        return clusterItems(context, seenCluster(this.salsa.context.workspaceState, context.address), {
          range,
          written: document.getText(range),
        });
    }
  }

  /** Columns that a source has; none where it cannot be read, for which the plan has words. */
  private async columns(
    config: vscode.Uri,
    { source: { from, ...pick } }: ColumnsContext,
    token: vscode.CancellationToken,
  ): Promise<readonly string[]> {
    if (config.scheme !== "file" || isHubName(from)) return [];
    try {
      const asked = { from: fileUri(config, from).fsPath, ...pick };
      return (await this.salsa.service.request("columns", asked, token)).columns;
    } catch (error) {
      if (!(error instanceof vscode.CancellationError)) this.salsa.log.info(`columns of ${from}: ${String(error)}`);
      return [];
    }
  }
}

function nameItems({ names }: NamesContext, range: vscode.Range): vscode.CompletionItem[] {
  return names.map(({ name, detail }, index) => {
    const item = new vscode.CompletionItem(
      { label: label(name), description: label(detail) },
      vscode.CompletionItemKind.Reference,
    );
    const text = JSON.stringify(name);
    Object.assign(item, { insertText: text, filterText: text, range, sortText: order(index) });
    return item;
  });
}

function columnKeyItems({ keys, hasValue }: ColumnKeysContext, range: vscode.Range): vscode.CompletionItem[] {
  return keys.map((key, index) => {
    const description = vscode.l10n.t("a column of the data");
    const item = new vscode.CompletionItem({ label: key, description }, vscode.CompletionItemKind.Property);
    const text = JSON.stringify(key);
    const insertText = hasValue ? text : new vscode.SnippetString(`${text}: $0`);
    Object.assign(item, { insertText, filterText: text, range, sortText: order(index) });
    // The columns that the file has are what comes next.
    if (!hasValue) item.command = { title: "", command: "editor.action.triggerSuggest" };
    return item;
  });
}

function columnItems(columns: readonly string[], range: vscode.Range): vscode.CompletionItem[] {
  return columns.map((name, index) => {
    const item = new vscode.CompletionItem(label(name), vscode.CompletionItemKind.Field);
    const text = JSON.stringify(name);
    Object.assign(item, { insertText: text, filterText: text, range, sortText: order(index) });
    return item;
  });
}

function modelItems(
  models: ReadonlyMap<string, vscode.LanguageModelChat>,
  range: vscode.Range,
): vscode.CompletionItem[] {
  return [...models].map(([address, { name }], index) => {
    const description = vscode.l10n.t("{0}, of this editor's", label(name));
    const item = new vscode.CompletionItem({ label: label(address), description }, vscode.CompletionItemKind.Value);
    const text = JSON.stringify(address);
    Object.assign(item, { insertText: text, filterText: text, range, sortText: order(index) });
    return item;
  });
}

/** Numbers of the cluster as somebody saw it who connected to it: it is not asked while a config is written. */
function clusterItems(
  { setting, cardsPerNode }: ClusterContext,
  seen: SeenCluster | undefined,
  { range, written }: { readonly range: vscode.Range; readonly written: string },
): vscode.CompletionItem[] {
  if (seen === undefined) return [];
  const ago = formatAgo(seen.seenAt, { now: Date.now(), locale: vscode.env.language });
  return numberChoices(setting, seen, cardsPerNode).map(({ value, detail }, index) => {
    const text = String(value);
    const description = vscode.l10n.t("{0}, seen {1}", detail, ago);
    const item = new vscode.CompletionItem(
      { label: text, description: label(description) },
      vscode.CompletionItemKind.Value,
    );
    const documentation = label(clusterText(seen, ago));
    // All are offered in place of a number that is there already.
    const filterText = written === "" ? text : written;
    Object.assign(item, { insertText: text, filterText, range, sortText: order(index), documentation });
    return item;
  });
}

async function pathItems(
  config: vscode.Uri,
  { folder, isQuoted, wants }: PathContext,
  range: vscode.Range,
): Promise<vscode.CompletionItem[]> {
  const entries = await listing(fileUri(config, folder === "" ? "." : folder));
  const shown = entries.filter(
    ([name, type]) => isFolder(type) || (wants === "file" && !name.startsWith(".") && !name.endsWith(".salsa.json")),
  );
  return shown.map(([name, type]) => {
    const isInner = isFolder(type);
    const kind = isInner ? vscode.CompletionItemKind.Folder : vscode.CompletionItemKind.File;
    const item = new vscode.CompletionItem(label(isInner ? `${name}/` : name), kind);
    const path = isInner && wants === "file" ? `${name}/` : name;
    // Where the string has no quotes yet, the user types a quote first, so the filter text must contain it.
    const text = isQuoted ? JSON.stringify(path).slice(1, -1) : JSON.stringify(path);
    const isLikely = isInner === (wants === "folder") && (isInner || /\.(jsonl|ndjson|json)$/.test(name));
    Object.assign(item, { insertText: text, filterText: text, range, sortText: `${isLikely ? 0 : 1}${name}` });
    if (isInner && isQuoted) item.command = { title: "", command: "editor.action.triggerSuggest" };
    return item;
  });
}

async function listing(folder: vscode.Uri): Promise<[string, vscode.FileType][]> {
  try {
    return await vscode.workspace.fs.readDirectory(folder);
  } catch {
    // A folder that is not there has no entries; the diagnostic says so.
    return [];
  }
}

function isFolder(type: vscode.FileType): boolean {
  return (type & vscode.FileType.Directory) !== 0;
}

function order(index: number): string {
  return String(index).padStart(3, "0");
}
