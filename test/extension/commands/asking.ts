import assert from "node:assert/strict";
import * as vscode from "vscode";
import { COMMANDS } from "../../../extension/commands/index.ts";
import type { Salsa } from "../../../extension/salsa.ts";

/** The person's answers, in the place of the editor's own questions. */
export interface Answers {
  readonly showQuickPick?: (items: readonly Choice[]) => Choice | undefined;
  readonly showInputBox?: (options: vscode.InputBoxOptions) => string;
  readonly showSaveDialog?: () => vscode.Uri;
  readonly showErrorMessage?: (message: string) => void;
  readonly showInformationMessage?: (message: string, ...items: string[]) => Promise<string | undefined>;
  readonly showWarningMessage?: <T extends vscode.MessageItem | string>(
    question: string,
    options: { readonly detail: string },
    ...items: T[]
  ) => T | undefined | PromiseLike<T | undefined>;
}

/** An item of a quick pick, with what our commands put into it. */
export type Choice = vscode.QuickPickItem & {
  readonly name?: string;
  readonly format?: string;
  readonly method?: string;
};

/** Runs a command of this bundle, whose questions the test answers: those of the installed one only people can. */
export async function ask(salsa: Salsa, id: string, args: readonly unknown[], answers: Answers): Promise<unknown> {
  const command = COMMANDS.find((one) => one.id === id);
  assert.ok(command !== undefined);
  const kept = Object.fromEntries(Object.entries(vscode.window).filter(([name]) => name in answers));
  Object.assign(vscode.window, answers);
  try {
    return await command.run(salsa, ...args);
  } finally {
    Object.assign(vscode.window, kept);
  }
}
