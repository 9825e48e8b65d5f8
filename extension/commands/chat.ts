import * as vscode from "vscode";
import { type ChatModel, MOST_CHAT_MODELS, readChatModels } from "../../engine/protocol/chatPanel.ts";
import { assertOnDisk, assertTrusted } from "../engine/workspace.ts";
import type { Command } from "../salsa.ts";
import { readCalled } from "./called.ts";
import { calledCheckpoints, pickCheckpoints } from "./checkpoints.ts";
import { CommandError } from "./failures.ts";

/** Opens a panel that puts one prompt to some checkpoints and shows their answers side by side. */
export const chat: Command = {
  id: "salsa.chat",
  run: async (salsa, ...args) => {
    assertOnDisk();
    assertTrusted();
    const called = await calledCheckpoints(salsa, args);
    const title = vscode.l10n.t("Chat with Checkpoints: up to {0} of them", MOST_CHAT_MODELS);
    // The panel's own, where other ones are to be chosen.
    const marked = args.flatMap((arg) => readChatModels({ models: arg }) ?? []).map(({ folder }) => folder);
    const chosen =
      called.length > 0
        ? called
        : await pickCheckpoints(salsa, {
            title,
            marked,
            first: readCalled(args).folders[0],
            fits: ({ isPolicy }) => isPolicy,
          });
    if (chosen.length === 0) throw new vscode.CancellationError();
    if (chosen.length > MOST_CHAT_MODELS) {
      throw new CommandError(
        vscode.l10n.t("{0} checkpoints are too many: choose up to {1}.", chosen.length, MOST_CHAT_MODELS),
      );
    }
    salsa.chats.show(chosen.map(({ name, folder }): ChatModel => ({ name, folder })));
  },
};
