import { resolve } from "node:path";
import type { ChatChoice } from "../pipeline/index.ts";
import { switchOption, textOption } from "./arguments.ts";
import type { Arguments, OptionSpec } from "./command.ts";

/** How prompts are put to a model with a chat template. */
export const CHAT_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  template: { value: "FILE", description: "Chat template in Jinja, in place of the checkpoint's own" },
  plain: { description: "Put prompts to the model as they stand, and not as a user's turn" },
};

/** Reads CHAT_OPTIONS. */
export function chatFrom(args: Arguments, folder: string): { readonly chat: ChatChoice } {
  const template = textOption(args, "template");
  return {
    chat: {
      ...(switchOption(args, "plain") && { chat: { plainPrompts: "asIs" } }),
      ...(template !== undefined && { template: { path: resolve(folder, template) } }),
    },
  };
}
