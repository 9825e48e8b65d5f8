import * as vscode from "vscode";
import type { FileTarget } from "../../engine/protocol/preview.ts";
import type { PreviewFocus } from "../../engine/protocol/previewPanel.ts";
import { assertOnDisk } from "../engine/workspace.ts";
import { label } from "../label.ts";
import { readConfig } from "../ownFiles.ts";
import type { Command, Salsa } from "../salsa.ts";
import { isConfigName, isDataName, isSurelyData } from "../../engine/config/paths.ts";
import { readCalled } from "./called.ts";
import { pickCheckpoint } from "./checkpoints.ts";
import { pickConfig, picked } from "./pickers.ts";
import { save } from "./run.ts";

/** Most configs that are read to see whether they name a file. */
const MOST_CONFIGS = 100;

/**
 * Shows data as a model sees it: that of a config, or a file, of which a config's base model or a checkpoint is asked for.
 * It only reads, so it works in Restricted Mode, too.
 */
export const previewData: Command = {
  id: "salsa.previewData",
  run: async (salsa, ...args) => {
    assertOnDisk();
    const file = await calledFile(salsa, args);
    const focus = file === undefined ? await ofConfig(salsa, args) : await ofFile(salsa, file);
    salsa.previews.show(focus);
  },
};

async function ofConfig(salsa: Salsa, args: readonly unknown[]): Promise<PreviewFocus> {
  const file = await pickConfig(salsa, args, vscode.l10n.t("Preview Data"));
  await save(file);
  const source = args.find((one) => typeof one === "string");
  return { configFile: file.fsPath, ...(source !== undefined && { source }) };
}

/** The data file that the command was called on, or that is in the active editor, or that is picked for want of configs. */
async function calledFile(salsa: Salsa, args: readonly unknown[]): Promise<vscode.Uri | undefined> {
  const [file] = readCalled(args).files;
  if (file !== undefined) return isDataName(file.path) ? file : undefined;
  const active = activeFile();
  if (active !== undefined && isSurelyData(active.path)) return active;
  if ((active !== undefined && isConfigName(active.path)) || salsa.runs.configs().length > 0) return undefined;
  const defaultUri = vscode.workspace.workspaceFolders?.[0]?.uri;
  const [chosen] = await picked(
    vscode.window.showOpenDialog({
      title: vscode.l10n.t("Preview Data"),
      openLabel: vscode.l10n.t("Preview"),
      filters: { [vscode.l10n.t("Data")]: ["jsonl", "ndjson", "json", "parquet", "gz"], "*": ["*"] },
      ...(defaultUri !== undefined && { defaultUri }),
    }),
  );
  return chosen;
}

/** The file of the active tab: one that is no text, such as Parquet, has no editor of text. */
function activeFile(): vscode.Uri | undefined {
  const input: unknown = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom ? input.uri : undefined;
}

interface SeeingItem extends vscode.QuickPickItem {
  /** Undefined for a checkpoint that is yet to be picked. */
  readonly focus?: PreviewFocus;
}

/** A file as the source of the one config that names it, or as the model sees it that the person picks. */
async function ofFile(salsa: Salsa, uri: vscode.Uri): Promise<PreviewFocus> {
  await save(uri);
  const file = uri.fsPath;
  const configs = salsa.runs.configs().slice(0, MOST_CONFIGS);
  const named = (await Promise.all(configs.map((config) => sourcesNaming(config, file)))).flat();
  const [only] = named;
  if (only !== undefined && named.length === 1) return only;
  const title = vscode.l10n.t("Preview Data: which model sees it");
  const items: SeeingItem[] = [
    ...named.map((focus) => ({
      label: `$(file-code) ${label(vscode.workspace.asRelativePath(focus.configFile))}`,
      description: label(focus.source ?? ""),
      focus,
    })),
    ...(named.length > 0 ? [] : configs).map(({ fsPath }) => ({
      label: `$(file-code) ${label(vscode.workspace.asRelativePath(fsPath))}`,
      description: vscode.l10n.t("its base model"),
      focus: { file, seenBy: { configFile: fsPath } },
    })),
    { label: `$(package) ${vscode.l10n.t("A Checkpoint...")}`, description: vscode.l10n.t("of a run, or a folder") },
  ];
  const item = items.length === 1 ? items[0] : await picked(vscode.window.showQuickPick(items, { title }));
  if (item?.focus !== undefined) return item.focus;
  const { folder } = await pickCheckpoint(salsa, { title, fits: () => true });
  return { file, seenBy: { model: folder } } satisfies FileTarget;
}

/** Sources of a config that are this very file; none where the config cannot be read. */
async function sourcesNaming(
  config: vscode.Uri,
  file: string,
): Promise<readonly { readonly configFile: string; readonly source?: string }[]> {
  // Loads its code on first use, as it brings the parser of configs along.
  const [{ pathLinks }, { readTree }, { fileUri }] = await Promise.all([
    import("../config/analysis/links.ts"),
    import("../config/analysis/tree.ts"),
    import("../config/documents.ts"),
  ]);
  try {
    const text = new TextDecoder().decode(await readConfig(config));
    return pathLinks(readTree(text)).flatMap(({ path, at: [section, ...source] }) => {
      if (section !== "data" || fileUri(config, path).fsPath !== file) return [];
      const name = (source.at(-1) === "from" ? source.slice(0, -1) : source).join(".");
      return [{ configFile: config.fsPath, source: name }];
    });
  } catch {
    return [];
  }
}
