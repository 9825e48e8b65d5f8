import { dirname } from "node:path";
import * as vscode from "vscode";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import { rememberCluster } from "../config/seenClusters.ts";
import { label } from "../label.ts";
import type { Salsa } from "../salsa.ts";
import { clusterMarkdown } from "./clusterMarkdown.ts";
import { pickConfig } from "./pickers.ts";
import { withProgress } from "./progress.ts";
import { save } from "./run.ts";
import { toolFindings } from "./toolFindings.ts";

/** Tests the cluster that a config names, shows what was found with what to do, and keeps what it has for completions. @param args - As a command has them. */
export async function connect(salsa: Salsa, args: readonly unknown[]): Promise<void> {
  assertOnDisk();
  assertTrusted();
  const file = await pickConfig(salsa, args, vscode.l10n.t("Connect to Cluster"));
  await save(file);
  await agree(salsa, file.fsPath);
  const name = vscode.workspace.asRelativePath(file);
  const { findings, cluster } = await withProgress(vscode.l10n.t("Asking the cluster of {0}", name), ({ token }) =>
    toolFindings(salsa, ["cluster", file.fsPath, "--yes"], { folder: dirname(file.fsPath), token }),
  );
  if (cluster !== undefined) await rememberCluster(salsa.context.workspaceState, { ...cluster, seenAt: Date.now() });
  const text = clusterMarkdown(findings, name);
  await salsa.documents.showMarkdown({ title: vscode.l10n.t("Cluster of {0}", name), text });
}

/** Asks before a token is sent to another machine: the config may be somebody else's. */
async function agree({ service }: Pick<Salsa, "service">, configFile: string): Promise<void> {
  const { cluster } = await service.request("judgingCost", { configFile });
  if (cluster === undefined) return;
  const go = vscode.l10n.t("Connect");
  const question = vscode.l10n.t("Connect to the cluster at {0}?", cluster.address);
  const detail = vscode.l10n.t("The token in {0} is sent to {1}.", cluster.tokenEnv, cluster.address);
  if ((await vscode.window.showWarningMessage(label(question), { modal: true, detail }, go)) !== go)
    throw new vscode.CancellationError();
}
