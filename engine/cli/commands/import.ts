import { resolve } from "node:path";
import { textOption } from "../arguments.ts";
import { EXIT } from "../command.ts";
import type { Command } from "../command.ts";
import { DIRECTORY_OPTION, runsDirectory } from "../runOptions.ts";
import { printJson } from "../terminal.ts";

/** Takes a run of another program. */
export const importCommand: Command = {
  name: "import",
  summary: "take a TensorBoard folder of TRL, OpenRLHF or others as a run, to lay beside ours",
  details: [
    "Scalars of all event files in the folder and below become a finished run, with a stage for each folder. Metrics that TRL\n" +
      "and OpenRLHF have in common with this program get its names; all others keep theirs.",
    'With --json, one object: {"id","folder","stages":[{"name","kind","nSteps"}],"unknown":[...]}.',
  ],
  positionals: [{ name: "FOLDER", description: "Folder of event files, or one above it" }],
  options: {
    ...DIRECTORY_OPTION,
    name: { value: "NAME", description: "Name of the run (default: the folder's)" },
  },
  examples: [
    ["salsa import ~/trl/runs/ppo", "A run of TRL"],
    ["salsa import logs --name openrlhf", "Several folders, as one run"],
  ],
  interruptNotice: "Stopping; nothing is left behind",
  async run(args, context) {
    const { terminal, signal } = context;
    const name = textOption(args, "name");
    const { importRun } = await context.pipeline();
    const imported = await importRun({
      folder: resolve(context.folder, args.positionals[0] ?? ""),
      ...(name !== undefined && { name }),
      runsRoot: runsDirectory(args, context),
      signal,
    });
    if (context.isJson) {
      printJson(terminal, imported);
      return EXIT.ok;
    }
    const { id, folder, stages, unknown } = imported;
    terminal.outLine(`Imported ${id} (${folder})`);
    for (const stage of stages) terminal.outLine(`  ${stage.name}: ${stage.kind}, ${stage.nSteps} steps`);
    if (unknown.length > 0) terminal.outLine(`Names that are kept as they are: ${unknown.join(", ")}`);
    return EXIT.ok;
  },
};
