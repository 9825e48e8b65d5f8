import { basename } from "node:path";
import * as vscode from "vscode";
import type { ModelArtifact } from "../../engine/protocol/service.ts";
import type { Salsa } from "../salsa.ts";
import { readCalled } from "./called.ts";
import { type Checkpoint, checkpointGroups } from "./checkpointItems.ts";
import { picked } from "./pickers.ts";

/** Which checkpoints a command wants. */
export interface CheckpointQuestion {
  readonly title: string;
  readonly fits: (model: ModelArtifact) => boolean;
  /** Folder of the run whose models are listed first. */
  readonly first?: string | undefined;
}

/** Most runs whose models are listed, newest first: users with hundreds of runs browse the disk anyway. */
const MOST_RUNS = 50;

/** Checkpoints that a command was called on: models of the Runs view, or folders of the explorer. */
export async function calledCheckpoints(salsa: Salsa, args: readonly unknown[]): Promise<readonly Checkpoint[]> {
  const { folders, files, models } = readCalled(args);
  if (models.length === 0) return files.map(({ fsPath }) => onDisk(fsPath));
  // Folders of artifacts are named by content hash; the run knows the models' names.
  const known = (await Promise.all(folders.map((folder) => modelsOf(salsa, folder)))).flat();
  return models.map((folder) => {
    const name = known.find((model) => model.folder === folder)?.name;
    return name === undefined ? onDisk(folder) : { folder, name };
  });
}

/** The checkpoint that the person picks, among the models of all runs or from the disk. */
export async function pickCheckpoint(salsa: Salsa, question: CheckpointQuestion): Promise<Checkpoint> {
  const items = await checkpointItems(salsa, question);
  const item = await picked(vscode.window.showQuickPick(items, { title: question.title }));
  const [chosen] = item.checkpoint === undefined ? await browse(question.title, false) : [item.checkpoint];
  if (chosen === undefined) throw new vscode.CancellationError();
  return chosen;
}

/** The checkpoints that the person marks, in the order of the list. */
export async function pickCheckpoints(
  salsa: Salsa,
  { marked, ...question }: CheckpointQuestion & { readonly marked: readonly string[] },
): Promise<readonly Checkpoint[]> {
  const items = (await checkpointItems(salsa, question)).map((item) => ({
    ...item,
    picked: item.checkpoint !== undefined && marked.includes(item.checkpoint.folder),
  }));
  const chosen = await picked(vscode.window.showQuickPick(items, { title: question.title, canPickMany: true }));
  const known = chosen.flatMap(({ checkpoint }) => checkpoint ?? []);
  const wantsMore = chosen.some(({ checkpoint, kind }) => checkpoint === undefined && kind === undefined);
  return wantsMore ? [...known, ...(await browse(question.title, true))] : known;
}

/** A checkpoint, a heading, or the way to the disk, which has neither. */
type Item = vscode.QuickPickItem & { readonly checkpoint?: Checkpoint };

async function checkpointItems(salsa: Salsa, { fits, first }: CheckpointQuestion): Promise<Item[]> {
  if (salsa.runs.all().length === 0) await salsa.runs.refresh();
  const all = salsa.runs.all();
  const isFirst = ({ folder }: { readonly folder: string }): boolean => folder === first;
  const runs = [...all.filter(isFirst), ...all.filter((run) => !isFirst(run))].slice(0, MOST_RUNS);
  const models = await Promise.all(runs.map(async ({ id, folder }) => ({ id, models: await modelsOf(salsa, folder) })));
  const groups = checkpointGroups(models, fits);
  return [
    ...groups.flatMap(({ heading, items }): Item[] => [
      { label: heading, kind: vscode.QuickPickItemKind.Separator },
      ...items,
    ]),
    { label: vscode.l10n.t("On the disk"), kind: vscode.QuickPickItemKind.Separator },
    { label: `$(folder-opened) ${vscode.l10n.t("Browse...")}`, description: vscode.l10n.t("a Hugging Face folder") },
  ];
}

/** Models of a run; empty if it cannot be read, so that the models of others can still be picked. */
async function modelsOf(salsa: Salsa, folder: string): Promise<readonly ModelArtifact[]> {
  try {
    return await salsa.service.request("models", { folder });
  } catch (error) {
    salsa.log.warn(`models of ${folder}: ${String(error)}`);
    return [];
  }
}

function onDisk(folder: string): Checkpoint {
  return { folder, name: basename(folder) };
}

async function browse(title: string, isMany: boolean): Promise<readonly Checkpoint[]> {
  const defaultUri = vscode.workspace.workspaceFolders?.[0]?.uri;
  const folders = await picked(
    vscode.window.showOpenDialog({
      title,
      canSelectFolders: true,
      canSelectFiles: false,
      canSelectMany: isMany,
      openLabel: vscode.l10n.t("Choose Checkpoint"),
      ...(defaultUri !== undefined && { defaultUri }),
    }),
  );
  return folders.map(({ fsPath }) => onDisk(fsPath));
}
