import { dirname } from "node:path";
import * as vscode from "vscode";
import type { RunSummary, TableFormatName } from "../../engine/protocol/service.ts";
import { label } from "../label.ts";
import type { Command, Salsa } from "../salsa.ts";
import { commandAction } from "./actions.ts";
import { CommandError, showDone } from "./failures.ts";
import { picked, pickRun } from "./pickers.ts";
import { tableTitle } from "./tableTitle.ts";

/** Writes a table of a run to a file. */
export const exportTable: Command = {
  id: "salsa.exportTable",
  run: async (salsa, ...args) => {
    const run = await pickRun(salsa, args, {
      title: vscode.l10n.t("Export Table"),
      fits: ({ tables }) => tables.length > 0,
      none: vscode.l10n.t("No run has a table yet: tables are written at the end of a run."),
      unfit: ({ id }) => vscode.l10n.t("{0} has no table yet: tables are written at the end of a run.", id),
    });
    const { name, title, request } = await pickTable(salsa, run);
    const { format, filter, ending } = await pickFormat();
    const defaultUri = vscode.Uri.joinPath(vscode.Uri.file(dirname(run.configFile)), `${run.id}-${name}.${ending}`);
    const file = await picked(vscode.window.showSaveDialog({ defaultUri, filters: { [filter]: [ending] }, title }));
    const { text } = await request(format);
    await writeText(file, text);
    showDone(salsa, vscode.l10n.t("{0} of {1} is in {2}.", title, run.id, relative(file)), [
      commandAction(vscode.l10n.t("Open"), "vscode.open", file),
    ]);
    return file;
  },
};

/** A table that can be exported. */
interface TableItem extends vscode.QuickPickItem {
  readonly name: string;
  readonly title: string;
  readonly request: (format: TableFormatName) => Promise<{ readonly text: string }>;
}

async function pickTable({ service }: Salsa, { folder, tables }: RunSummary): Promise<TableItem> {
  const own = tables.map((name): TableItem => {
    const title = tableTitle(name);
    return {
      name,
      title,
      label: label(title),
      request: (format) => service.request("table", { folder, name, format }),
    };
  });
  // A run whose other files are damaged has its own tables all the same.
  const paper = tables.includes("winRates")
    ? await service.request("paperTables", { folders: [folder] }).catch(() => [])
    : [];
  const items = [
    ...own,
    ...paper
      .filter(({ rows }) => rows.length > 0)
      .map(({ name, source, title }): TableItem => ({
        ...{
          name: `paper-${name}`,
          title,
          label: label(title),
          description: vscode.l10n.t("as in the paper: {0}", source),
        },
        request: (format) => service.request("paperTable", { folder, name, format }),
      })),
  ];
  const [first] = items;
  if (items.length === 1 && first !== undefined) return first;
  return picked(vscode.window.showQuickPick(items, { title: vscode.l10n.t("Export Table: table") }));
}

interface Format extends vscode.QuickPickItem {
  readonly format: Exclude<TableFormatName, "text">;
  readonly filter: string;
  readonly ending: string;
}

function pickFormat(): Promise<Format> {
  const form = (format: Format["format"], filter: string, ending: string, description: string): Format => ({
    format,
    filter,
    ending,
    label: filter,
    description,
  });
  const formats = [
    form("markdown", "Markdown", "md", vscode.l10n.t("as read")),
    form("csv", "CSV", "csv", vscode.l10n.t("for spreadsheets, with every digit")),
    form("latex", "LaTeX", "tex", vscode.l10n.t("for papers")),
    form("json", "JSON", "json", vscode.l10n.t("for programs, with every digit")),
  ];
  return picked(
    vscode.window.showQuickPick(formats, { title: vscode.l10n.t("Export Table: format"), ignoreFocusOut: true }),
  );
}

/** @throws {CommandError} when the disk does not take it. */
async function writeText(file: vscode.Uri, text: string): Promise<void> {
  try {
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(vscode.l10n.t("{0} cannot be written: {1}. Choose another folder.", file.fsPath, why));
  }
}

function relative(file: vscode.Uri): string {
  return vscode.workspace.asRelativePath(file);
}
