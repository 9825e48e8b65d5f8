import { homedir } from "node:os";
import * as vscode from "vscode";
import type { TaskName } from "../../engine/evaluation/tasks/index.ts";
import type { Table } from "../../engine/protocol/events.ts";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import type { Command, Salsa } from "../salsa.ts";
import { calledCheckpoints, pickCheckpoint } from "./checkpoints.ts";
import { picked } from "./pickers.ts";
import { withProgress } from "./progress.ts";
import { numberProblem, type Scoring, scoreArguments, scoreMarkdown } from "./scoring.ts";

/** Scores a checkpoint's answers, and shows the table. */
export const score: Command = {
  id: "salsa.score",
  run: async (salsa, ...args) => {
    assertOnDisk();
    assertTrusted();
    const title = vscode.l10n.t("Score Checkpoint");
    const [called] = await calledCheckpoints(salsa, args);
    const checkpoint = called ?? (await pickCheckpoint(salsa, { title, fits: ({ isPolicy }) => isPolicy }));
    const by = await pickScoring(salsa);
    const n = await askNumber();
    const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file")?.uri.fsPath ?? homedir();
    const table = await withProgress(vscode.l10n.t("Scoring {0}", checkpoint.name), ({ token }) =>
      salsa.tool.run(scoreArguments(checkpoint.folder, by, n), { folder, token }),
    );
    await salsa.documents.showMarkdown({
      title: vscode.l10n.t("Scores of {0}", checkpoint.name),
      text: scoreMarkdown(table as Table, {
        checkpoint: checkpoint.name,
        folder: vscode.workspace.asRelativePath(checkpoint.folder),
        by,
      }),
    });
  },
};

async function pickScoring(salsa: Salsa): Promise<Scoring> {
  // Loaded on first use: it brings the tasks' schemas along.
  const { TASKS } = await import("../../engine/evaluation/tasks/index.ts");
  const items: readonly (vscode.QuickPickItem & { readonly task?: TaskName })[] = [
    ...TASKS.map(({ name, title, description }) => ({ task: name, label: title, description })),
    { label: vscode.l10n.t("Your prompts"), description: vscode.l10n.t("by a reward model") },
  ];
  const { task } = await picked(
    vscode.window.showQuickPick(items, { title: vscode.l10n.t("Score Checkpoint: on what") }),
  );
  if (task !== undefined) return { kind: "task", task };
  const title = vscode.l10n.t("Score Checkpoint: prompts, a JSON object with a prompt on each line");
  const filters = { [vscode.l10n.t("JSON lines")]: ["jsonl", "json"] };
  const [file] = await picked(vscode.window.showOpenDialog({ title, filters }));
  const reward = await pickCheckpoint(salsa, {
    title: vscode.l10n.t("Score Checkpoint: reward model that scores the answers"),
    fits: ({ isPolicy }) => !isPolicy,
  });
  return { kind: "prompts", prompts: file?.fsPath ?? "", reward: reward.folder };
}

async function askNumber(): Promise<number> {
  const text = await picked(
    vscode.window.showInputBox({
      title: vscode.l10n.t("Score Checkpoint: how many answers for each benchmark"),
      prompt: vscode.l10n.t("More answers narrow the interval and take longer."),
      value: "256",
      validateInput: numberProblem,
    }),
  );
  return Number(text);
}
