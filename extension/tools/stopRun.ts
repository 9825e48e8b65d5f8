import * as vscode from "vscode";
import type { RunSummary } from "../../engine/protocol/service.ts";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import { label } from "../label.ts";
import type { Salsa } from "../salsa.ts";
import { windowHost } from "./readers.ts";

interface StopRunInput {
  /** Id, name or folder of a run. */
  readonly run: string;
}

/** Stops a run, after the person has agreed to it. */
export class StopRunTool implements vscode.LanguageModelTool<StopRunInput> {
  private readonly salsa: Salsa;

  constructor(salsa: Salsa) {
    this.salsa = salsa;
  }

  async prepareInvocation(
    { input }: vscode.LanguageModelToolInvocationPrepareOptions<StopRunInput>,
    token: vscode.CancellationToken,
  ): Promise<vscode.PreparedToolInvocation> {
    const { id } = await this.run(input, token);
    return {
      invocationMessage: label(vscode.l10n.t("Stopping {0}", id)),
      confirmationMessages: {
        title: label(vscode.l10n.t("Stop {0}?", id)),
        message: vscode.l10n.t("It finishes the step in flight and saves its state, to be resumed later."),
      },
    };
  }

  async invoke(
    { input }: vscode.LanguageModelToolInvocationOptions<StopRunInput>,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    const { folder, id } = await this.run(input, token);
    const { stoppedText } = await import("../../engine/tools/startRun.ts");
    await this.salsa.service.request("stopRun", { folder }, token);
    return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(stoppedText(id))]);
  }

  /** @throws {Error} when there is none of that name. */
  private async run({ run }: StopRunInput, token: vscode.CancellationToken): Promise<RunSummary> {
    assertOnDisk();
    assertTrusted();
    const { findRun } = await import("../../engine/tools/findRun.ts");
    return findRun(await windowHost(this.salsa, token).runs(), run);
  }
}
