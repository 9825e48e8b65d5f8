import { resolve } from "node:path";
import { BASE_OPTION, baseFrom } from "../baseOption.ts";
import { requiredOption, switchOption } from "../arguments.ts";
import { EXIT } from "../command.ts";
import type { Command } from "../command.ts";
import { checkpointFolder } from "../namedCheckpoint.ts";
import { DIRECTORY_OPTION } from "../runOptions.ts";
import { printJson } from "../terminal.ts";

/** Adds an adapter to its base: a whole checkpoint. */
export const merge: Command = {
  name: "merge",
  summary: "add a LoRA adapter to its base: a whole checkpoint",
  details: [
    "An adapter is a folder as PEFT saves it: adapter_config.json and adapter_model.safetensors. What comes out is a\n" +
      "Hugging Face folder like any other: of a reward model's adapter, a reward model.",
    'With --json, one object: {"folder":...,"adapter":...}.',
  ],
  positionals: [{ name: "ADAPTER", description: "Folder of the adapter, or RUN:MODEL" }],
  options: {
    out: { value: "DIR", short: "o", description: "Folder to write" },
    ...DIRECTORY_OPTION,
    ...BASE_OPTION,
    force: { description: "Write over a checkpoint that is in --out already" },
  },
  examples: [
    ["salsa merge policy --out merged", "Onto the base that the adapter's settings name"],
    ["salsa merge policy --base path/to/base -o merged", "Onto the base where it is now"],
  ],
  async run(args, context) {
    const adapter = await checkpointFolder(args.positionals[0] ?? "", args, context);
    const out = resolve(context.folder, requiredOption(args, "out", "where to write it, such as --out merged"));
    const { mergeAdapter } = await context.pipeline();
    const force = switchOption(args, "force");
    const { folder } = await mergeAdapter({ adapter, out, force, ...baseFrom(args, context.folder) });
    if (context.isJson) printJson(context.terminal, { folder, adapter });
    else context.terminal.outLine(`Merged: ${folder}`);
    return EXIT.ok;
  },
};
