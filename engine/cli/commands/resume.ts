import { dirname } from "node:path";
import { switchOption } from "../arguments.ts";
import { UsageError } from "../command.ts";
import type { Command } from "../command.ts";
import { YES_DETAILS, YES_OPTION, confirmCost } from "../confirmCost.ts";
import { DETACH_DETAILS, DETACH_OPTION, startDetached } from "../detached.ts";
import { findRun } from "../files.ts";
import { DIRECTORY_OPTION, pollingPlace, runsDirectory, showRun } from "../runOptions.ts";

/** Goes on with a run that was stopped or killed. */
export const resume: Command = {
  name: "resume",
  summary: "go on with a run that was stopped or killed",
  details: [
    "The run goes on from its last checkpoint with the settings it was started with, and ends with the same weights\n" +
      "and tables as if it had never stopped.",
    "With --json, the output is that of salsa run.",
    DETACH_DETAILS,
    YES_DETAILS,
  ],
  positionals: [{ name: "RUN", description: "Id or folder of the run (default: the latest)", number: "optional" }],
  options: { ...DIRECTORY_OPTION, ...DETACH_OPTION, ...YES_OPTION },
  examples: [
    ["salsa resume", "The latest run"],
    ["salsa resume demo-2 --directory /data/salsa", "A run by its id"],
  ],
  async run(args, context) {
    const folder = await findRun(runsDirectory(args, context), args.positionals[0]);
    const { readRun, runPipeline, runOnHost } = await context.pipeline();
    const { id, config, configFile, status } = await readRun(folder);
    if (status === "running") throw new UsageError(`${id} is running already; stop it first, or wait for it to end`);
    const { signal } = context;
    // Where the run lies counts, not where the config had it made: the folder may have been moved.
    const runsRoot = dirname(dirname(folder));
    const refused = await confirmCost(config, args, context);
    if (refused !== undefined) return refused;
    if (switchOption(args, "detach")) return startDetached(context, { kind: "resume", runsRoot, run: id });
    const { readHostRecord } = await import("../../storage/formats/hostRecord.ts");
    const start = (await readHostRecord(folder)) === undefined ? runPipeline : runOnHost;
    const place = await pollingPlace(config);
    return showRun(context, {
      runsRoot,
      start: (report) => start({ config, configFile, runsRoot, resume: id, ...place, signal, report }),
    });
  },
};
