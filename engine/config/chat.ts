import * as z from "zod";
import { choice, filePath, optionalSetting, section, setting } from "./setting.ts";

const plainPrompts = {
  userTurn: "a user's turn, rendered by the model's chat template where it has one",
  asIs: "the text that the model sees, as it stands",
} as const;

/** How prompts and conversations are put to a model. */
export const chatSchema = section(
  {
    template: optionalSetting(filePath(), {
      description: "File with the chat template, in Jinja; it goes along with every checkpoint that is trained",
      otherwise: "the checkpoint's own: chat_template.jinja, or chat_template in tokenizer_config.json",
    }),
    plainPrompts: setting(choice(plainPrompts), "userTurn", {
      description: "How a prompt without roles is put to a model with a chat template; messages are always rendered",
      source: "TRL's conversational data",
    }),
    date: optionalSetting(z.iso.date(), {
      description: "Date that chat templates see as today's; fixed, so that the same config gives the same bytes",
      otherwise: '"2024-07-26", the date in Llama 3\'s templates',
    }),
  },
  "How prompts and conversations are put to a model",
);
