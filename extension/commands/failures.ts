import * as vscode from "vscode";
import { ServiceError } from "../engine/errors.ts";
import { openNodeSetting } from "../engine/nodeSetting.ts";
import { label } from "../label.ts";
import type { Command, Salsa } from "../salsa.ts";
import { type Action, commandAction, manageTrustAction, problemsAction } from "./actions.ts";
import { issuesOf, issuesText } from "./issues.ts";

/** User-facing failure of a command, with buttons for the remedies. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly actions: readonly Action[];
  constructor(message: string, actions: readonly Action[] = []) {
    super(message);
    this.actions = actions;
  }
}

/** Wraps a command so that each failure is shown as one message; cancellation is silent. */
export function withFailures(command: Command): Command {
  return {
    id: command.id,
    run: async (salsa, ...args) => {
      try {
        return await command.run(salsa, ...args);
      } catch (error) {
        if (!(error instanceof vscode.CancellationError)) showFailure(salsa, error);
        return undefined;
      }
    },
  };
}

/** Shows a failure in a message. */
export function showFailure(salsa: Salsa, error: unknown): void {
  const { message, actions } = error instanceof CommandError ? error : described(salsa, error);
  if (!(error instanceof CommandError)) salsa.log.error(error instanceof Error ? (error.stack ?? message) : message);
  const choice = vscode.window.showErrorMessage(label(message), ...actions.map(({ title }) => title));
  followChoice(salsa, choice, actions);
}

/** Reports success and offers follow-up actions. Does not wait for an answer: the command has finished. */
export function showDone(salsa: Salsa, message: string, actions: readonly Action[] = []): void {
  const choice = vscode.window.showInformationMessage(label(message), ...actions.map(({ title }) => title));
  followChoice(salsa, choice, actions);
}

function followChoice(salsa: Salsa, choice: Thenable<string | undefined>, actions: readonly Action[]): void {
  const follow = async (): Promise<void> => {
    const title = await choice;
    await actions.find((action) => action.title === title)?.run();
  };
  follow().catch((error: unknown) => salsa.log.error(String(error)));
}

/** Describes errors that are not a `CommandError`: of the engine, the disk, the editor. */
function described(salsa: Salsa, error: unknown): { readonly message: string; readonly actions: readonly Action[] } {
  const issues = issuesOf(error);
  const [first] = issues;
  if (first !== undefined) {
    const message = issuesText(issues, vscode.workspace.asRelativePath(first.file));
    return { message, actions: [problemsAction(first)] };
  }
  if (error instanceof ServiceError && error.kind === "untrusted")
    return { message: error.message, actions: [manageTrustAction()] };
  if (error instanceof ServiceError && error.kind === "virtual") return { message: error.message, actions: [] };
  const showLog: Action = {
    title: vscode.l10n.t("Show Log"),
    run: () => {
      salsa.log.show(true);
      return Promise.resolve();
    },
  };
  if (error instanceof ServiceError && error.kind === "unusable") {
    const retry: Action = { title: vscode.l10n.t("Retry"), run: () => salsa.service.retry() };
    const settings: Action = { title: vscode.l10n.t("Open Settings"), run: openNodeSetting };
    return { message: error.message, actions: [retry, settings, showLog] };
  }
  const doctor = commandAction(vscode.l10n.t("Doctor"), "salsa.doctor");
  return { message: error instanceof Error ? error.message : String(error), actions: [showLog, doctor] };
}
