import * as vscode from "vscode";
import { configFileName, nameOf } from "../../engine/config/paths.ts";
import type { NewConfig, PresetName } from "../../engine/config/templates.ts";
import { label } from "../label.ts";
import type { Command, Salsa } from "../salsa.ts";
import { commandAction, manageTrustAction } from "./actions.ts";
import { readCalled } from "./called.ts";
import { CommandError, showDone } from "./failures.ts";
import { findOwnFiles } from "./findOwnFiles.ts";
import { picked } from "./pickers.ts";
import { withNotice } from "./progress.ts";

/** Writes a commented run config from a preset, and opens it where there is something to fill in. */
export const newConfig: Command = {
  id: "salsa.newConfig",
  run: async (salsa, ...args) => {
    const folder = await pickFolder(args);
    const start = await pickStart(args);
    const file = await pickFile(folder, start);
    const { text, start: from, end } = await textOf(salsa, start, file);
    await writeNew(file, text);
    const document = await vscode.workspace.openTextDocument(file);
    const selection = new vscode.Range(document.positionAt(from), document.positionAt(end));
    await vscode.window.showTextDocument(document, { selection });
    tellTrust(salsa);
    return file;
  },
};

/** The folder that the command was called on, or one of the workspace. */
async function pickFolder(args: readonly unknown[]): Promise<vscode.Uri> {
  const [called] = readCalled(args).files;
  const folders = vscode.workspace.workspaceFolders ?? [];
  const [first] = folders;
  if (called !== undefined) return called;
  if (first === undefined) {
    throw new CommandError(vscode.l10n.t("Runs are stored beside their config, so a folder must be open."), [
      commandAction(vscode.l10n.t("Open Folder..."), "workbench.action.files.openFolder"),
    ]);
  }
  if (folders.length === 1) return first.uri;
  const placeHolder = vscode.l10n.t("Folder of the new config");
  return (await picked(vscode.window.showWorkspaceFolderPick({ placeHolder }))).uri;
}

/** A checkpoint and data of the user's own. */
const OWN = "own";

type Start = PresetName | typeof OWN;

async function textOf(salsa: Salsa, start: Start, file: vscode.Uri): Promise<NewConfig> {
  const name = nameOf(file.path);
  // Loaded on first use, to keep activation short.
  const { newConfig: configText, ownConfig } = await import("../../engine/config/templates.ts");
  if (start !== OWN) return configText(start, name);
  const found = await withNotice(vscode.l10n.t("Looking for checkpoints and data"), () =>
    findOwnFiles(salsa, vscode.Uri.joinPath(file, "..")),
  );
  return ownConfig(name, found);
}

/** The template to start from; the walkthrough's step on own models gives it. */
async function pickStart(args: readonly unknown[]): Promise<Start> {
  if (args.includes(OWN)) return OWN;
  const { PRESETS } = await import("../../engine/config/presets.ts");
  const { isRunnable } = await import("../../engine/config/templates.ts");
  const items = PRESETS.map(({ name, title }) => ({
    name,
    label: title,
    description: isRunnable(name) ? vscode.l10n.t("runs on this machine") : vscode.l10n.t("for an NVIDIA card"),
    detail: isRunnable(name)
      ? vscode.l10n.t("Trains everything from scratch, in minutes on a CPU")
      : vscode.l10n.t("The paper's settings; needs your checkpoint and data, and a card that holds the model"),
  }));
  const own = {
    name: OWN,
    label: vscode.l10n.t("Your own model and data"),
    description: vscode.l10n.t("filled in from this workspace"),
    detail: vscode.l10n.t("A Hugging Face checkpoint, conversations, preference pairs and prompts"),
  } as const;
  const [demo, ...others] = items;
  const title = vscode.l10n.t("New Run Config: what to start from");
  const all = [...(demo === undefined ? [] : [demo]), own, ...others];
  return (await picked(vscode.window.showQuickPick(all, { title, matchOnDetail: true }))).name;
}

async function pickFile(folder: vscode.Uri, preset: Start): Promise<vscode.Uri> {
  const value = `${await freeName(folder, preset)}.salsa.json`;
  const name = await picked(
    vscode.window.showInputBox({
      title: vscode.l10n.t("New Run Config: name of the file"),
      prompt: label(vscode.l10n.t("Made in {0}", folderName(folder))),
      value,
      valueSelection: [0, value.length - ".salsa.json".length],
      validateInput: (text) => nameProblem(folder, text),
    }),
  );
  return vscode.Uri.joinPath(folder, configFileName(name));
}

function folderName(folder: vscode.Uri): string {
  const root = vscode.workspace.getWorkspaceFolder(folder);
  return root?.uri.toString() === folder.toString() ? root.name : vscode.workspace.asRelativePath(folder);
}

async function nameProblem(folder: vscode.Uri, text: string): Promise<string | undefined> {
  if (/[\\:*?"<>|]/.test(text) || text.split("/").some((part) => part === "..")) {
    return vscode.l10n.t("Use letters, digits, dots, dashes and underscores.");
  }
  if (/(^|\/)(\.salsa\.jsonc?)?$/.test(text.trim())) return vscode.l10n.t("Enter a name for the file.");
  const name = configFileName(text);
  return (await exists(vscode.Uri.joinPath(folder, name)))
    ? label(vscode.l10n.t("{0} already exists.", name))
    : undefined;
}

/** The preset's name, with a number if that is taken. */
async function freeName(folder: vscode.Uri, preset: string): Promise<string> {
  for (let n = 1; ; n++) {
    const name = n === 1 ? preset : `${preset}-${n}`;
    if (!(await exists(vscode.Uri.joinPath(folder, `${name}.salsa.json`)))) return name;
  }
}

async function exists(file: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(file);
    return true;
  } catch {
    return false;
  }
}

/** @throws {CommandError} in a folder that cannot be written. */
async function writeNew(file: vscode.Uri, text: string): Promise<void> {
  const isReadOnly = vscode.workspace.fs.isWritableFileSystem(file.scheme) === false;
  const unwritable = vscode.l10n.t(
    "{0} cannot be written: the folder is read-only. Change its permissions, or open another folder.",
    file.fsPath,
  );
  if (isReadOnly) throw new CommandError(unwritable);
  // Someone may have made the file since its name was checked.
  if (await exists(file)) throw new CommandError(vscode.l10n.t("{0} already exists.", file.fsPath));
  try {
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
  } catch (error) {
    const isDenied = error instanceof vscode.FileSystemError && error.code === "NoPermissions";
    const message = error instanceof Error ? error.message : String(error);
    if (isDenied || /EROFS|EACCES|EPERM/.test(message)) throw new CommandError(unwritable);
    throw new CommandError(vscode.l10n.t("{0} cannot be written: {1}", file.fsPath, message));
  }
}

function tellTrust(salsa: Salsa): void {
  if (vscode.workspace.isTrusted) return;
  showDone(salsa, vscode.l10n.t("The config can be edited. Trust this workspace to run it."), [manageTrustAction()]);
}
