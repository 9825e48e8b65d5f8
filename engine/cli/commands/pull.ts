import { EXIT } from "../command.ts";
import type { Command } from "../command.ts";
import { findRun } from "../files.ts";
import { DIRECTORY_OPTION, runsDirectory } from "../runOptions.ts";
import { printJson } from "../terminal.ts";

/** Copies results of a run from the machine that has made them. */
export const pull: Command = {
  name: "pull",
  summary: "copy checkpoints of a run on a host to this machine",
  details: [
    "Of a run that salsa run --host has made elsewhere, everything comes back as it is made but what holds weights: that stays\n" +
      "on the host until it is asked for here. What is here already is not copied again.",
    'With --json, one object: {"kind":"pulled","results":[{"model","folder"}]}.',
  ],
  positionals: [
    { name: "RUN", description: "Id or folder of the run" },
    { name: "MODEL", description: "Names of models (default: all results)", number: "any" },
  ],
  options: DIRECTORY_OPTION,
  examples: [
    ["salsa pull demo-1 salsa", "One model"],
    ["salsa pull demo-1", "Everything that the run has made"],
  ],
  interruptNotice: "Leaving; what has been copied stays",
  async run(args, context) {
    const { terminal, isJson, signal } = context;
    const [run, ...models] = args.positionals;
    const folder = await findRun(runsDirectory(args, context), run);
    const { pullResults } = await context.pipeline();
    const results = await pullResults({ folder, models, signal, progress: (line) => terminal.errLine(line) });
    if (isJson) printJson(terminal, { kind: "pulled", results: results.map((one) => ({ ...one })) });
    else if (results.length === 0) terminal.outLine("Everything is here already");
    else for (const one of results) terminal.outLine(`${one.model}  ${one.folder}`);
    return EXIT.ok;
  },
};
