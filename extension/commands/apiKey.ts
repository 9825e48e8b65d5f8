import * as vscode from "vscode";
import { isKeyVariable, readApiKeys, writeApiKey } from "../engine/apiKeys.ts";
import { isToken } from "../engine/token.ts";
import { label } from "../label.ts";
import type { Command } from "../salsa.ts";
import { showDone } from "./failures.ts";
import { picked } from "./pickers.ts";

/** Asks for the key of a judge's server or the token of a cluster, and keeps it in the system's key store; an empty one removes it. */
export const setApiKey: Command = {
  id: "salsa.setApiKey",
  run: async (salsa) => {
    const title = vscode.l10n.t("Set API Key of a Judge's Server");
    const known = [...(await readApiKeys(salsa.context)).keys()];
    const variable = await picked(
      vscode.window.showInputBox({
        title,
        prompt: label(vscode.l10n.t("The variable that configs name in keyVariable or tokenEnv")),
        value: known[0] ?? "OPENAI_API_KEY",
        ignoreFocusOut: true,
        validateInput: (typed) =>
          isKeyVariable(typed)
            ? undefined
            : vscode.l10n.t("Enter capitals that end in _API_KEY or _AUTH_TOKEN, such as OPENAI_API_KEY"),
      }),
    );
    const key = await picked(
      vscode.window.showInputBox({
        title,
        prompt: label(
          vscode.l10n.t(
            "The key for {0}; leave it empty to remove the one that is kept. It is kept in this machine's key store, and sent to the server that a config names once you agree.",
            variable,
          ),
        ),
        password: true,
        ignoreFocusOut: true,
        validateInput: (typed) =>
          typed.trim() === "" || isToken(typed.trim()) ? undefined : vscode.l10n.t("Enter the key: one word"),
      }),
    );
    await writeApiKey(salsa.context, variable, key.trim() === "" ? undefined : key.trim());
    const message =
      key.trim() === ""
        ? vscode.l10n.t("No key is kept for {0}.", variable)
        : vscode.l10n.t("The key for {0} is kept. Runs that start from now on use it.", variable);
    showDone(salsa, message);
  },
};
