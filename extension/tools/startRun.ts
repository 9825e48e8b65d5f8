import { basename } from "node:path";
import * as vscode from "vscode";
import type { PlanOutput } from "../../engine/protocol/toolOutput.ts";
import { confirmJudging } from "../commands/confirmJudging.ts";
import { planConfig } from "../engine/plan.ts";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import { label } from "../label.ts";
import { isActive } from "../runs/states.ts";
import type { Salsa } from "../salsa.ts";
import { confirmationText } from "./confirmation.ts";
import { configNames } from "./readers.ts";

interface StartRunInput {
  /** Path of a config, relative to the workspace. */
  readonly config: string;
}

/** Starts a run, after the person has agreed to it. */
export class StartRunTool implements vscode.LanguageModelTool<StartRunInput> {
  private readonly salsa: Salsa;

  constructor(salsa: Salsa) {
    this.salsa = salsa;
  }

  async prepareInvocation(
    { input }: vscode.LanguageModelToolInvocationPrepareOptions<StartRunInput>,
    token: vscode.CancellationToken,
  ): Promise<vscode.PreparedToolInvocation> {
    assertOnDisk();
    assertTrusted();
    const file = await this.config(input.config);
    const name = vscode.workspace.asRelativePath(file);
    const nAtWork = this.salsa.runs.all().filter(isActive).length;
    return {
      invocationMessage: label(vscode.l10n.t("Starting a run of {0}", name)),
      confirmationMessages: {
        title: label(vscode.l10n.t("Run {0}?", basename(name))),
        message: new vscode.MarkdownString(confirmationText(name, await this.plan(file, token), nAtWork)),
      },
    };
  }

  async invoke({
    input,
  }: vscode.LanguageModelToolInvocationOptions<StartRunInput>): Promise<vscode.LanguageModelToolResult> {
    assertOnDisk();
    assertTrusted();
    const file = await this.config(input.config);
    await confirmJudging(this.salsa, { configFile: file.fsPath });
    const { folder, id } = await this.salsa.service.request("startRun", { configFile: file.fsPath });
    this.salsa.dashboard.show({ view: "pipeline", runs: [folder] });
    const { startedText } = await import("../../engine/tools/startRun.ts");
    return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(startedText({ id, folder }))]);
  }

  /** @throws {Error} when it is no config of this workspace: models may not start what the user does not see. */
  private async config(named: string): Promise<vscode.Uri> {
    const { findConfig } = await import("../../engine/tools/findConfig.ts");
    const { file, name } = findConfig(await configNames(this.salsa), named);
    const uri = vscode.Uri.file(file);
    const isDirty = vscode.workspace.textDocuments.some((one) => one.isDirty && one.uri.fsPath === uri.fsPath);
    if (isDirty) throw new Error(`${name} has edits that are not saved. Ask the person to save it, then try again.`);
    return uri;
  }

  /** A config that cannot be planned is refused by the run itself, with the reason. */
  private async plan(file: vscode.Uri, token: vscode.CancellationToken): Promise<PlanOutput | undefined> {
    try {
      return await planConfig(this.salsa.tool, file, { token, isQuick: true });
    } catch (error) {
      if (error instanceof vscode.CancellationError) throw error;
      this.salsa.log.warn(`plan of ${file.fsPath}: ${String(error)}`);
      return undefined;
    }
  }
}
