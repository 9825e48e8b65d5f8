import { basename } from "node:path";
import * as vscode from "vscode";
import { formatFileSize } from "../../engine/common/format.ts";
import type { StorageEntry, StorageUse } from "../../engine/protocol/storageUse.ts";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import { label } from "../label.ts";
import { readConfig } from "../ownFiles.ts";
import type { Salsa } from "../salsa.ts";
import { CommandError, showDone } from "./failures.ts";
import { picked } from "./pickers.ts";
import { withNotice } from "./progress.ts";
import { storageMarkdown } from "./storageMarkdown.ts";

/** Shows what the folder of runs holds and what of it no run uses, and deletes of that what the user confirms. */
export async function cleanUpRuns(salsa: Salsa): Promise<number> {
  assertOnDisk();
  assertTrusted();
  const mentioned = await mentionedInConfigs(salsa);
  const uses = await withNotice(vscode.l10n.t("Looking at what runs hold"), () => usesOf(salsa, mentioned));
  const { root, use } = await pickUse(uses);
  await salsa.documents.showMarkdown({
    title: vscode.l10n.t("Storage of {0}", basename(root)),
    text: storageMarkdown(use),
  });
  const names = await pickEntries(use);
  await confirm(use, names);
  const { freedBytes, removed } = await withNotice(vscode.l10n.t("Cleaning up"), () =>
    salsa.service.request("cleanUp", { root, mentioned, names }),
  );
  const kept = names.length - removed.length;
  const done = vscode.l10n.t("{0} deleted: {1} freed.", removed.length, formatFileSize(freedBytes));
  showDone(salsa, kept === 0 ? done : `${done} ${vscode.l10n.t("{0} were kept, because a run uses them now.", kept)}`);
  return freedBytes;
}

interface Used {
  readonly root: string;
  readonly use: StorageUse;
}

/** Folders of runs that are there, with what they hold. @throws {CommandError} where there is none. */
async function usesOf(salsa: Salsa, mentioned: readonly string[]): Promise<readonly Used[]> {
  // The list of roots is empty if the command runs before the view was ever shown.
  await salsa.runs.refresh();
  const there = await Promise.all(salsa.runs.roots().map(async (root) => ((await isThere(root)) ? [root] : [])));
  const uses = there
    .flat()
    .map(async (root) => ({ root, use: await salsa.service.request("storageUse", { root, mentioned }) }));
  if (uses.length === 0) throw new CommandError(vscode.l10n.t("No run has been started in this workspace yet."));
  return Promise.all(uses);
}

async function isThere(folder: string): Promise<boolean> {
  return vscode.workspace.fs.stat(vscode.Uri.file(folder)).then(
    () => true,
    () => false,
  );
}

/** Artifacts that configs of the workspace take as checkpoints: no run says so before one is started. */
async function mentionedInConfigs(salsa: Salsa): Promise<readonly string[]> {
  // Loaded on first use, to keep activation short.
  const { mentionedArtifacts } = await import("../../engine/protocol/storageUse.ts");
  const texts = salsa.runs.configs().map(async (uri) => {
    try {
      return new TextDecoder().decode(await readConfig(uri));
    } catch {
      return ""; // removed since the list was made
    }
  });
  return mentionedArtifacts((await Promise.all(texts)).join("\n"));
}

async function pickUse(uses: readonly Used[]): Promise<Used> {
  const [first, ...others] = uses;
  if (first !== undefined && others.length === 0) return first;
  const items = uses.map((one) => ({
    ...one,
    label: label(vscode.workspace.asRelativePath(one.root)),
    description: sizesText(one.use),
  }));
  return picked(vscode.window.showQuickPick(items, { title: vscode.l10n.t("Clean Up: folder of runs") }));
}

function sizesText(use: StorageUse): string {
  return vscode.l10n.t("{0}, of which no run uses {1}", formatFileSize(use.totalBytes), formatFileSize(freeable(use)));
}

function freeable({ entries }: StorageUse): number {
  return entries.reduce((sum, { canGo, bytes }) => sum + (canGo ? bytes : 0), 0);
}

/** Names of what is to go; all of it is marked at first. @throws {CommandError} where nothing can go. */
async function pickEntries(use: StorageUse): Promise<readonly string[]> {
  const free = use.entries.filter(({ canGo }) => canGo);
  if (free.length === 0) {
    throw new CommandError(
      vscode.l10n.t("Runs use all of the {0}. Delete runs to free some.", formatFileSize(use.totalBytes)),
    );
  }
  const items = free.map(({ name, kind, bytes }) => ({
    name,
    label: label(kind === "tracking" ? name : basename(name)),
    description: formatFileSize(bytes),
    detail: kindText(kind),
    picked: true,
  }));
  const title = vscode.l10n.t("Clean Up: {0}", sizesText(use));
  const placeHolder = vscode.l10n.t("Mark what is to be deleted; what runs use is not listed here");
  const chosen = await picked(
    vscode.window.showQuickPick(items, { title, placeHolder, canPickMany: true, matchOnDetail: true }),
  );
  if (chosen.length === 0) throw new vscode.CancellationError();
  return chosen.map(({ name }) => name);
}

function kindText(kind: StorageEntry["kind"]): string {
  switch (kind) {
    case "run":
      return vscode.l10n.t("a run");
    case "artifact":
      return vscode.l10n.t("a model or other result; a later run that needs it makes it again");
    case "damaged":
      return vscode.l10n.t("a damaged result that was set aside");
    case "data":
      return vscode.l10n.t("prepared data; a later run that needs it prepares it again");
    case "tracking":
      return vscode.l10n.t("metrics for TensorBoard, MLflow or W&B, of a run that was deleted");
    case "input":
      return vscode.l10n.t("the copy of an input for a cluster; a later run that needs it copies it again");
  }
}

/** Paths that a dialog has room for. */
const MOST_LINES = 12;

async function confirm(use: StorageUse, names: readonly string[]): Promise<void> {
  const chosen = use.entries.filter(({ name }) => names.includes(name));
  const size = formatFileSize(chosen.reduce((sum, { bytes }) => sum + bytes, 0));
  const more = chosen.length - MOST_LINES;
  const lines = chosen.slice(0, MOST_LINES).map(({ name, bytes }) => `${name}  ${formatFileSize(bytes)}`);
  const detail = [
    vscode.l10n.t("These folders in {0} will be deleted:", use.root),
    ...lines,
    ...(more > 0 ? [vscode.l10n.t("and {0} more", more)] : []),
  ].join("\n");
  const question = vscode.l10n.t("Delete {0} that no run uses ({1})? This cannot be undone.", chosen.length, size);
  const items = [{ title: vscode.l10n.t("Delete") }];
  await picked(vscode.window.showWarningMessage(label(question), { modal: true, detail }, ...items));
}
