import { resolve } from "node:path";
import { switchOption } from "../arguments.ts";
import type { Command } from "../command.ts";
import { YES_DETAILS, YES_OPTION, confirmCost } from "../confirmCost.ts";
import { DETACH_DETAILS, DETACH_OPTION, startDetached } from "../detached.ts";
import { loadConfig } from "../files.ts";
import { HOST_DETAILS, HOST_OPTION, hostOption } from "../hosts.ts";
import { RUNTIME_OPTIONS, pollingPlace, runtimeOverrides, showRun } from "../runOptions.ts";

/** Runs a config's whole recipe; results of earlier runs with the same settings are used again. */
export const run: Command = {
  name: "run",
  summary: "run the recipe of a config, from base model to win-rate table",
  details: [
    "Stages whose settings and inputs have not changed since an earlier run are taken from it.\n" +
      "Ctrl-C stops after the running step and saves; a second one quits at once, and loses what was not saved.",
    "With --json, standard output has one JSON object a line: every event of the run as in its events.jsonl, then\n" +
      '{"kind":"result","id":...,"folder":...,"status":"finished"|"stopped","tables":[...]}, or {"kind":"error",...}.',
    DETACH_DETAILS,
    HOST_DETAILS,
    YES_DETAILS,
  ],
  positionals: [{ name: "CONFIG", description: "Run config, a *.salsa.json file" }],
  options: { ...RUNTIME_OPTIONS, ...DETACH_OPTION, ...HOST_OPTION, ...YES_OPTION },
  examples: [
    [
      "salsa run examples/miniinstruct/demo.salsa.json",
      "The demo: three SFTs, reward model, soups, four RLHF arms, tables",
    ],
    ["salsa run my.salsa.json --threads 4 --directory /data/salsa", "On four threads, with everything kept elsewhere"],
    ["salsa run my.salsa.json --detach", "In the background: it goes on when this terminal is closed"],
    ["salsa run my.salsa.json --host desk", "On the workstation that ~/.ssh/config calls desk"],
    ["salsa run my.salsa.json --json > events.jsonl", "For a script"],
  ],
  async run(args, context) {
    const host = hostOption(args);
    const configFile = resolve(context.folder, args.positionals[0] ?? "");
    const config = await loadConfig(configFile, runtimeOverrides(args, context));
    const runsRoot = config.runtime.directory;
    if (host !== undefined) (await context.pipeline()).checkHostable(config, configFile);
    const refused = await confirmCost(config, args, context);
    if (refused !== undefined) return refused;
    const request = { config, configFile, runsRoot, ...(host !== undefined && { host }) };
    if (switchOption(args, "detach")) return startDetached(context, { kind: "run", ...request });
    const { runPipeline, runOnHost } = await context.pipeline();
    const { signal } = context;
    const start = host === undefined ? runPipeline : runOnHost;
    const place = await pollingPlace(config);
    return showRun(context, { runsRoot, start: (report) => start({ ...request, ...place, signal, report }) });
  },
};
