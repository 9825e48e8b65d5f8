import * as vscode from "vscode";
import { isToken, readToken, writeToken } from "../engine/token.ts";
import { label } from "../label.ts";
import type { Command } from "../salsa.ts";
import { showDone } from "./failures.ts";
import { picked } from "./pickers.ts";

/** Asks for the token of the Hugging Face hub, and keeps it in the system's key store. */
export const setToken: Command = {
  id: "salsa.setToken",
  run: async (salsa) => {
    const text = await picked(
      vscode.window.showInputBox({
        title: vscode.l10n.t("Set Hugging Face Token"),
        prompt: label(
          vscode.l10n.t(
            "From huggingface.co/settings/tokens; to publish, it must be allowed to write. It is kept in this machine's key store and goes to the hub alone.",
          ),
        ),
        password: true,
        ignoreFocusOut: true,
        validateInput: (typed) =>
          isToken(typed.trim()) ? undefined : vscode.l10n.t("Enter the token: one word, such as hf_..."),
      }),
    );
    await writeToken(salsa.context, text.trim());
    showDone(salsa, vscode.l10n.t("The token is kept. Downloads and uploads use it from now on."));
  },
};

/** Forgets the token. */
export const removeToken: Command = {
  id: "salsa.removeToken",
  run: async (salsa) => {
    const wasThere = (await readToken(salsa.context)) !== undefined;
    await writeToken(salsa.context, undefined);
    const message = wasThere
      ? vscode.l10n.t("The token is removed. One in HF_TOKEN or of hf auth login is used from now on.")
      : vscode.l10n.t("No token was kept.");
    showDone(salsa, message);
  },
};
