import { dirname } from "node:path";
import * as vscode from "vscode";
import { MEASURED_FIGURES, type MeasuredFigure } from "../../engine/protocol/figureNames.ts";
import { formatDuration } from "../../engine/common/format.ts";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import type { Salsa } from "../salsa.ts";
import { commandAction } from "./actions.ts";
import { showDone } from "./failures.ts";
import { picked, pickRun } from "./pickers.ts";
import { withProgress } from "./progress.ts";

/** A line that `salsa figure --json` prints on its way. */
interface ProgressLine {
  readonly kind: "progress";
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number | null;
}

/**
 * Measures the soups of a run's figure, as `salsa figure` does, and draws it; the arguments are a command's: the run, and
 * the figure. What is measured is kept, also when it is cancelled.
 */
export async function measure(salsa: Salsa, args: readonly unknown[]): Promise<void> {
  assertOnDisk();
  assertTrusted();
  const title = vscode.l10n.t("Measure Figure");
  const { id, folder } = await pickRun(salsa, args, { title, none: vscode.l10n.t("There are no runs yet.") });
  const figure = MEASURED_FIGURES.find((one) => one === args[1]) ?? (await pickFigure(title));
  await withProgress(vscode.l10n.t("{0}: {1}", id, titleOf(figure)), (work) =>
    salsa.tool.run(["figure", figure, folder], {
      folder: dirname(folder),
      token: work.token,
      onLine: (line) => {
        if (isProgress(line)) work.tell(progressText(line));
      },
    }),
  );
  showDone(salsa, vscode.l10n.t("{0} of {1} is measured and drawn.", titleOf(figure), id), [
    commandAction(vscode.l10n.t("Open Dashboard"), "salsa.openDashboard", folder),
  ]);
}

async function pickFigure(title: string): Promise<MeasuredFigure> {
  const items = MEASURED_FIGURES.map((figure) => ({ figure, label: titleOf(figure) }));
  return (await picked(vscode.window.showQuickPick(items, { title }))).figure;
}

function titleOf(figure: MeasuredFigure): string {
  const titles: Readonly<Record<MeasuredFigure, string>> = {
    line: vscode.l10n.t("Reward along the line"),
    plane: vscode.l10n.t("Reward over the plane"),
    warp: vscode.l10n.t("Front back to the start"),
  };
  return titles[figure];
}

function isProgress(line: unknown): line is ProgressLine {
  return typeof line === "object" && line !== null && "kind" in line && line.kind === "progress";
}

function progressText({ done, total, secondsLeft }: ProgressLine): string {
  const text = vscode.l10n.t("{0} of {1} soups", done, total);
  return secondsLeft === null ? text : vscode.l10n.t("{0}, {1} left", text, formatDuration(secondsLeft));
}
