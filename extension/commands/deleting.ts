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
import { deletedPaths } from "./deletedPaths.ts";
import { picked, pickRun, pickRuns } from "./pickers.ts";
import { withNotice } from "./progress.ts";

/** Deletes runs and, if the user chooses so, the artifacts that no other run uses. @returns Bytes freed. */
export async function deleteRuns(salsa: Salsa, args: readonly unknown[]): Promise<number> {
  const runs = await pickDeleted(salsa, args);
  const { isWithArtifacts } = await confirm(salsa, runs);
  const freed = await withNotice(vscode.l10n.t("Deleting {0}", namesOf(runs)), async () => {
    let bytes = 0;
    for (const { folder } of runs) {
      const { freedBytes } = await salsa.service.request("deleteRun", { folder, artifacts: isWithArtifacts });
      bytes += freedBytes;
    }
    return bytes;
  });
  showDone(salsa, vscode.l10n.t("{0} was deleted: {1} freed.", namesOf(runs), formatFileSize(freed)));
  return freed;
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

/** Asks for confirmation in a modal dialog, since deleting cannot be undone. */
async function confirm(salsa: Salsa, runs: readonly RunSummary[]): Promise<DeleteItem> {
  const sizes = await Promise.all(runs.map(({ folder }) => salsa.service.request("sizeOf", { folder })));
  const total = (of: (size: (typeof sizes)[number]) => number): string =>
    formatFileSize(sizes.reduce((sum, size) => sum + of(size), 0));
  const records = vscode.l10n.t(
    "The records take {0}.",
    total(({ runBytes }) => runBytes),
  );
  // Artifacts shared only among the deleted runs are counted for none of them individually.
  const hasArtifacts = runs.length > 1 || sizes.some(({ artifactBytes }) => artifactBytes > 0);
  const artifacts = hasArtifacts
    ? vscode.l10n.t(
        "The models and data that no other run uses take {0}; without them, a later run has to make them again.",
        total(({ artifactBytes }) => artifactBytes),
      )
    : vscode.l10n.t("Other runs use all its models and data, which stay.");
  const detail = `${records} ${artifacts}\n\n${pathsOf(sizes)}`;
  const alone: DeleteItem = { title: vscode.l10n.t("Delete Run"), isWithArtifacts: false };
  const whole: DeleteItem = { title: vscode.l10n.t("Delete Run and Its Artifacts"), isWithArtifacts: true };
  const items = hasArtifacts ? [alone, whole] : [alone];
  const question = vscode.l10n.t("Delete {0}? This cannot be undone.", namesOf(runs));
  return picked(vscode.window.showWarningMessage(label(question), { modal: true, detail }, ...items));
}

/** Every folder that may go, where links in its path lead to. */
function pathsOf(sizes: readonly RunSize[]): string {
  const { runs, nMoreTracking, artifacts, nMore } = deletedPaths(sizes);
  return [
    vscode.l10n.t("These folders will be deleted:"),
    ...runs,
    ...(nMoreTracking === 0 ? [] : [vscode.l10n.t("and {0} more of metrics for other tools", nMoreTracking)]),
    ...(artifacts.length === 0 ? [] : ["", vscode.l10n.t("And, only if you choose to, these of artifacts:")]),
    ...artifacts,
    ...(nMore === 0 ? [] : [vscode.l10n.t("and {0} more of these artifacts", nMore)]),
  ].join("\n");
}

function namesOf(runs: readonly RunSummary[]): string {
  return runs.map(({ id }) => id).join(", ");
}
