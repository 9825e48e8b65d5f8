import { resolve } from "node:path";
import { REPORT_TARGETS, type ReportTarget } from "../../config/index.ts";
import { formatCount } from "../../common/format.ts";
import { switchOption, textOption } from "../arguments.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Command } from "../command.ts";
import { findRunOf } from "../files.ts";
import { DIRECTORY_OPTION, runsDirectory } from "../runOptions.ts";
import { printJson } from "../terminal.ts";

const TITLES: Readonly<Record<ReportTarget, string>> = {
  tensorboard: "TensorBoard",
  mlflow: "MLflow",
  wandb: "Weights & Biases",
};

/** Writes everything of runs for other programs. */
export const exportCommand: Command = {
  name: "export",
  summary: "write metrics, samples, answers, judgments, grades and win rates of runs as CSV and Parquet",
  details: [
    "One folder for all runs, with a README that has the line of pandas that reads each table. It must not be there yet, and\n" +
      "has its name once all of it is written. Runs at work are exported as they stand.",
    'With --json, one object: {"folder","rows":{"metrics":...,"samples":...,"answers":...,"judgments":...,\n"grades":...,"winRates":...}}.',
  ],
  positionals: [
    { name: "RUN", description: "Ids or folders of runs, or configs (default: the latest run)", number: "any" },
  ],
  options: {
    ...DIRECTORY_OPTION,
    to: { value: "DIR", description: "New folder to write to" },
    ...Object.fromEntries(
      REPORT_TARGETS.map((name) => [name, { description: `Write curves for ${TITLES[name]} as well, into ${name}/` }]),
    ),
  },
  examples: [
    ["salsa export --to results", "The latest run"],
    ["salsa export demo-1 demo-2 --to results --tensorboard", "Two runs, with event files for TensorBoard"],
  ],
  interruptNotice: "Stopping; nothing is left behind",
  async run(args, context) {
    const { terminal, signal } = context;
    const to = textOption(args, "to");
    if (to === undefined) throw new UsageError("--to is missing: name a new folder to write to");
    const directory = runsDirectory(args, context);
    const named = args.positionals.length === 0 ? [undefined] : args.positionals;
    const folders: string[] = [];
    for (const run of named) folders.push(await findRunOf(directory, run));
    const { exportRuns } = await context.pipeline();
    const targets = REPORT_TARGETS.filter((name) => switchOption(args, name));
    const { folder, rows } = await exportRuns({
      ...{ folders: [...new Set(folders)], to: resolve(context.folder, to), targets, signal },
    });
    if (context.isJson) printJson(terminal, { folder, rows });
    else {
      const counts = Object.entries(rows).map(([name, nRows]) => `${formatCount(nRows)} rows of ${name}`);
      terminal.outLine(`${folder}: ${counts.join(", ")}`);
    }
    return EXIT.ok;
  },
};
