import * as vscode from "vscode";
import type { RunSummary } from "../../engine/protocol/service.ts";
import type { RunSize } from "../../engine/protocol/storageUse.ts";
import { formatFileSize } from "../../engine/common/format.ts";
import { label } from "../label.ts";
import { isActive } from "../runs/states.ts";
import type { Salsa } from "../salsa.ts";
import { commandAction } from "./actions.ts";
import { readCalled } from "./called.ts";
import { CommandError, showDone } from "./failures.ts";
import { type DeletedPaths, deletedPaths, pathList } from "./deletedPaths.ts";
import { picked, pickRun, pickRuns } from "./pickers.ts";
import { withNotice } from "./progress.ts";

/** Deletes runs and, if the user chooses so, the artifacts that no other run uses. @returns Bytes freed. */
export async function deleteRuns(salsa: Salsa, args: readonly unknown[]): Promise<number> {
  const runs = await pickDeleted(salsa, args);
  const sizes = await sizesOf(salsa, runs);
  const { isWithArtifacts } = await confirm(salsa, runs, sizes);
  const { deleted, freed, failures } = await withNotice(vscode.l10n.t("Deleting {0}", namesOf(runs)), () =>
    deleteEach(salsa, { runs, sizes, isWithArtifacts }),
  );
  const [first] = failures;
  if (first !== undefined && deleted.length === 0) throw first.error;
  const done = vscode.l10n.t("{0} was deleted: {1} freed.", namesOf(deleted), formatFileSize(freed));
  if (first === undefined) {
    showDone(salsa, done);
    return freed;
  }
  const left = failures.map(({ run, error }) =>
    vscode.l10n.t("{0} was not deleted: {1}", run.id, error instanceof Error ? error.message : String(error)),
  );
  throw new CommandError(`${done} ${left.join("; ")}`);
}

interface Deletion {
  readonly deleted: readonly RunSummary[];
  /** Bytes. */
  readonly freed: number;
  readonly failures: readonly { readonly run: RunSummary; readonly error: unknown }[];
}

interface Confirmed {
  readonly runs: readonly RunSummary[];
  /** As they were shown, in the order of the runs. */
  readonly sizes: readonly RunSize[];
  readonly isWithArtifacts: boolean;
}

/** Deletes runs one after the other, and nothing that was not shown; one that cannot be deleted keeps no other from it. */
async function deleteEach(salsa: Salsa, { runs, sizes, isWithArtifacts }: Confirmed): Promise<Deletion> {
  const deleted: RunSummary[] = [];
  const failures: { readonly run: RunSummary; readonly error: unknown }[] = [];
  let freed = 0;
  for (const [index, run] of runs.entries()) {
    const { folder } = run;
    const size = sizes[index];
    if (size === undefined) throw new TypeError(`${folder}: has no size`);
    // Artifacts that several runs share are shown with the last of them, which may be gone before.
    const artifacts = sizes.flatMap((one) => (one.root === size.root ? one.artifacts : []));
    const shown = { createdAt: size.createdAt, artifacts };
    try {
      const { freedBytes } = await salsa.service.request("deleteRun", { folder, artifacts: isWithArtifacts, shown });
      freed += freedBytes;
      deleted.push(run);
    } catch (error) {
      if (await isGone(folder)) deleted.push(run);
      else failures.push({ run, error });
    }
  }
  return { deleted, freed, failures };
}

/** True if a folder is there no more: another window has deleted the run. */
async function isGone(folder: string): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(vscode.Uri.file(folder));
    return false;
  } catch (error) {
    return error instanceof vscode.FileSystemError && error.code === "FileNotFound";
  }
}

async function pickDeleted(salsa: Salsa, args: readonly unknown[]): Promise<readonly RunSummary[]> {
  const called = readCalled(args).folders.flatMap((folder) => salsa.runs.get(folder) ?? []);
  const active = called.find(isActive);
  if (active !== undefined) {
    throw new CommandError(vscode.l10n.t("{0} is running. Stop it first.", active.id), [
      commandAction(vscode.l10n.t("Stop Run"), "salsa.stop", active.folder),
    ]);
  }
  const question = {
    title: vscode.l10n.t("Delete Run"),
    fits: (run: RunSummary) => !isActive(run),
    none: vscode.l10n.t("There is no run to delete; stop active runs first."),
  };
  if (called.length > 1) return pickRuns(salsa, args, question);
  return [await pickRun(salsa, args, question)];
}

interface DeleteItem extends vscode.MessageItem {
  readonly isWithArtifacts: boolean;
}

interface ListItem extends vscode.MessageItem {
  readonly isWithArtifacts?: undefined;
}

/** Asks for confirmation in a modal dialog, since deleting cannot be undone. */
async function confirm(salsa: Salsa, runs: readonly RunSummary[], sizes: readonly RunSize[]): Promise<DeleteItem> {
  const total = (of: (size: RunSize) => number): string =>
    formatFileSize(sizes.reduce((sum, size) => sum + of(size), 0));
  const records = vscode.l10n.t(
    "The records take {0}.",
    total(({ runBytes }) => runBytes),
  );
  const hasArtifacts = sizes.some(({ artifactBytes }) => artifactBytes > 0);
  const artifacts = hasArtifacts
    ? vscode.l10n.t(
        "The models and data that no other run uses take {0}; without them, a later run has to make them again.",
        total(({ artifactBytes }) => artifactBytes),
      )
    : vscode.l10n.t("Other runs use all its models and data, which stay.");
  const paths = deletedPaths(sizes);
  const detail = `${records} ${artifacts}\n\n${firstOf(paths)}`;
  const alone: DeleteItem = { title: vscode.l10n.t("Delete Run"), isWithArtifacts: false };
  const whole: DeleteItem = { title: vscode.l10n.t("Delete Run and Its Artifacts"), isWithArtifacts: true };
  const items = hasArtifacts ? [alone, whole] : [alone];
  const question = vscode.l10n.t("Delete {0}? This cannot be undone.", namesOf(runs));
  if (paths.runs.length + paths.artifacts.length <= MOST_LISTED) {
    return picked(vscode.window.showWarningMessage(label(question), { modal: true, detail }, ...items));
  }
  const list: ListItem = { title: vscode.l10n.t("List All Folders") };
  const choices: readonly (DeleteItem | ListItem)[] = [...items, list];
  const answer = await picked(vscode.window.showWarningMessage(label(question), { modal: true, detail }, ...choices));
  if (answer.isWithArtifacts !== undefined) return answer;
  await salsa.documents.showMarkdown({ title: vscode.l10n.t("Folders to delete"), text: allOf(paths) });
  // Not modal, so that the list can be read before it is answered.
  return picked(vscode.window.showWarningMessage(label(question), ...items));
}

/** Sizes of runs that are deleted one after the other: the last of several takes what only they share. */
async function sizesOf(salsa: Salsa, runs: readonly RunSummary[]): Promise<readonly RunSize[]> {
  const folders = runs.map(({ folder }) => folder);
  return Promise.all(
    folders.map((folder, index) => salsa.service.request("sizeOf", { folder, before: folders.slice(0, index) })),
  );
}

/** Folders that a dialog has room for. */
const MOST_LISTED = 16;

/** As many folders as a dialog has room for. */
function firstOf({ runs, artifacts }: DeletedPaths): string {
  const some = artifacts.slice(0, Math.max(MOST_LISTED / 2, MOST_LISTED - runs.length));
  const certain = runs.slice(0, MOST_LISTED - some.length);
  const more = (all: readonly string[], listed: readonly string[]): readonly string[] =>
    all.length === listed.length ? [] : [vscode.l10n.t("and {0} more", all.length - listed.length)];
  return [
    willGo(),
    ...[...certain, ...more(runs, certain)],
    ...(artifacts.length === 0 ? [] : ["", mayGo(), ...some, ...more(artifacts, some)]),
  ].join("\n");
}

/** Every folder that may go, as Markdown. */
function allOf({ runs, artifacts }: DeletedPaths): string {
  const chosen = artifacts.length === 0 ? [] : [mayGo(), pathList(artifacts)];
  return [willGo(), pathList(runs), ...chosen].join("\n\n");
}

function willGo(): string {
  return vscode.l10n.t("These folders will be deleted:");
}

function mayGo(): string {
  return vscode.l10n.t("And, only if you choose to, these of artifacts:");
}

function namesOf(runs: readonly RunSummary[]): string {
  return runs.map(({ id }) => id).join(", ");
}
