import * as vscode from "vscode";
import { label } from "../label.ts";
import type { Salsa } from "../salsa.ts";
import { judgingText } from "./judgingText.ts";

/**
 * Shows what judging sends and costs, where it sends anything to another machine or costs anything, and where the token of
 * a cluster is sent, before a run begins or goes on.
 *
 * @throws {vscode.CancellationError} when the person does not agree.
 */
export async function confirmJudging(
  { service, models }: Pick<Salsa, "service" | "models">,
  run: { readonly configFile: string } | { readonly folder: string },
): Promise<void> {
  const { costs, budget, isFree, cluster } = await service.request("judgingCost", run);
  if (isFree) return;
  const go = vscode.l10n.t("Start");
  const question =
    cluster === undefined
      ? vscode.l10n.t("Have a language model judge this run?")
      : vscode.l10n.t("Run this on the cluster at {0}?", cluster.address);
  const token =
    cluster === undefined ? [] : [vscode.l10n.t("The token in {0} is sent to {1}.", cluster.tokenEnv, cluster.address)];
  const options = { modal: true, detail: [...token, judgingText(costs, budget)].join("\n").trim() };
  if ((await vscode.window.showWarningMessage(label(question), options, go)) !== go)
    throw new vscode.CancellationError();
  // The editor asks for itself, too, at the first request: a person's agreement comes before that.
  models.allow(costs.filter(({ isEditors }) => isEditors === true).map(({ model }) => model));
}
