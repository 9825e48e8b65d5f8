import { resolve } from "node:path";
import { NONE, sheetText } from "../../evaluation/tables/sheet.ts";
import type { Sheet } from "../../evaluation/tables/sheet.ts";
import { choiceText } from "../../compute/backends/choose.ts";
import { type DerivedSizes, type RunConfig, derivedSizes } from "../../config/index.ts";
import { fitTable } from "../../cluster/trainer/fitTable.ts";
import { numberOption, switchOption } from "../arguments.ts";
import { EXIT, UsageError } from "../command.ts";
import type { Command } from "../command.ts";
import { loadConfig } from "../files.ts";
import { cardsText } from "../../common/cards.ts";
import { formatBytes, formatCount, formatDuration } from "../../common/format.ts";
import { PROCESS_BYTES, largestByRole } from "../../common/memory.ts";
import { stageNames } from "../../protocol/stageName.ts";
import { countsText } from "../../protocol/dataCounts.ts";
import { shortfallLine } from "../../protocol/shortfalls.ts";
import type { PlanOutput, PlannedStage } from "../../protocol/toolOutput.ts";
import { planned } from "../planning.ts";
import { RUNTIME_OPTIONS, runtimeOverrides } from "../runOptions.ts";
import { printJson } from "../terminal.ts";

const CONFIG = { name: "CONFIG", description: "Run config, a *.salsa.json file", number: "optional" } as const;

/** Shows what a run would do. */
export const plan: Command = {
  name: "plan",
  summary: "show what a run would do: stages, what is cached, memory, time",
  details: [
    "Nothing is computed. Data in layouts of others is downloaded and prepared, below the runs' folder, and its records\n" +
      "are counted: a setting that asks for more than there are is warned of. Times are estimates from the work of each\n" +
      "stage, right to about a factor of two.\n" +
      "Memory is that of weights and activations, on the device and on their way to it, right to about a tenth, on a card\n" +
      "with the host's copies that savepoints are written from; what the process takes beside comes last. Where it does not\n" +
      "fit, the setting to change is named. Exits with 1 for a run that fits on its card with no setting.",
    "A second table has the memory of the largest stage of each kind by what it is for: the weights of policy, references,\n" +
      "critic and reward model, the optimizer's moments, activations with gradients and caches, and the host's rest.",
    "Where the config names a cluster, a column says where each stage is made: by a job of this program with its resources, by\n" +
      "OpenRLHF on so many cards, or in the run's own process; lines say why, what OpenRLHF does otherwise, and which chain\n" +
      "of stages takes longest. Exits with 1 where nobody can train a stage.",
    'With --json, one object: {"name":...,"backend":{"name","title","device","deviceName","limits":{"maxBytes"?},\n' +
      '"reason"},"prompts":...,"notes":[...],"stages":[{"id","kind","title","product","role",...,"key","cached",\n' +
      '"parameters","memoryBytes","memoryByRole"?,"cardBytes","savepointBytes"?,"estimatedSeconds","placement"?,"runsOn"?}],\n"data":[{"from","kind","read","used","validation","unusable"}],\n' +
      '"shortfalls":[{"path":[...],"asked","there","from"}],\n' +
      '"sizes":{...},"peakMemoryBytes":...,"secondsLeft":...,\n' +
      '"config":{...as resolved, with the backend that is taken}}.',
  ],
  positionals: [CONFIG],
  options: {
    ...RUNTIME_OPTIONS,
    sizes: {
      value: "GB",
      description:
        "Only say which sizes of models fit on how many cards of so many GB, and who trains them; takes no CONFIG",
    },
    quick: { description: "Download nothing, and check the first 1,000 lines of each file only" },
  },
  examples: [
    ["salsa plan examples/miniinstruct/demo.salsa.json", "The demo's stages and how long they will take"],
    ["salsa plan my.salsa.json --json", "The same for a script, with every setting as resolved"],
    ["salsa plan --sizes 80", "Models of 0.1B to 70B on 1 to 64 cards of 80 GB"],
  ],
  async run(args, context) {
    const { terminal, isJson } = context;
    const [file] = args.positionals;
    const gigabytes = numberOption(args, "sizes", { least: 1, most: 10_000 });
    if (gigabytes !== undefined) {
      for (const kind of ["rlhf", "sft"] as const) terminal.out(`${sheetText(fitSheet(kind, gigabytes))}\n`);
      return EXIT.ok;
    }
    if (file === undefined) throw new UsageError(`${CONFIG.name} is missing: ${CONFIG.description}`);
    const asked = await loadConfig(resolve(context.folder, file), runtimeOverrides(args, context));
    const isQuick = switchOption(args, "quick");
    const { output, choice, config, fits } = await planned(asked, context, {
      isQuick,
      progress: (text) => terminal.errLine(text),
    });
    const {
      stages,
      data = [],
      shortfalls = [],
      prompts = "",
      notes = [],
      advice,
      peakMemoryBytes,
      secondsLeft,
    } = output;
    const nameOf = stageNames(stages);
    const code = fits ? EXIT.ok : EXIT.failed;
    if (isJson) {
      const all = { ...output, sizes: derivedSizes(config), config };
      printJson(terminal, all satisfies PlanOutput & { readonly sizes: DerivedSizes; readonly config: RunConfig });
      return code;
    }
    const isOnCluster = stages.some(({ runsOn }) => runsOn !== undefined);
    const columns = isOnCluster ? COLUMNS.toSpliced(2, 0, { header: "made by", align: "left" }) : COLUMNS;
    const rows = stages.map((stage) => {
      const row = planRow(stage, nameOf(stage.id));
      return isOnCluster ? row.toSpliced(2, 0, stage.runsOn ?? "") : row;
    });
    terminal.out(sheetText({ columns, rows }));
    const byRole = roleSheet(stages, nameOf);
    if (byRole.rows.length > 0) terminal.out(`\n${sheetText(byRole)}\n`);
    for (const { from, kind, ...counts } of data) {
      terminal.outLine(`${kind} ${from}: ${countsText(counts)}`);
    }
    for (const one of shortfalls) terminal.outLine(`warning: ${shortfallLine(one)}`);
    const nMade = stages.filter((stage) => stage.cached).length;
    const made = `${nMade} of ${stages.length} stages are cached`;
    terminal.out(
      `\n${made}; about ${formatDuration(secondsLeft)} to go, at most ${formatBytes(peakMemoryBytes)} of memory for models and ${formatBytes(PROCESS_BYTES)} for the process\n`,
    );
    for (const line of [prompts, ...notes, ...adaptersTexts(config.model)]) terminal.outLine(line);
    if (!isOnCluster) terminal.outLine(`computes on ${choiceText(choice)}`);
    const cards = cardsText(stages, nameOf);
    if (cards !== undefined) terminal.outLine(cards);
    if (advice !== undefined) terminal.outLine(advice);
    return code;
  },
};

/** Memory by role of the largest stage of each kind. */
function roleSheet(all: readonly PlannedStage[], nameOf: (id: string) => string): Sheet {
  const { stages, roles } = largestByRole(all);
  const right = (header: string): Sheet["columns"][number] => ({ header, align: "right" });
  return {
    columns: [{ header: "memory of", align: "left" }, ...roles.map(right)],
    rows: stages.map(({ id, memoryByRole = {} }) => [
      nameOf(id),
      ...roles.map((role) => (memoryByRole[role] === undefined ? NONE : formatBytes(memoryByRole[role]))),
    ]),
  };
}

/** Adapters that are trained and saved in place of whole models; empty where there are none. */
function adaptersTexts(model: RunConfig["model"]): readonly string[] {
  if (!("checkpoint" in model) || model.lora === undefined) return [];
  const { rank, alpha, targets } = model.lora;
  const what = `adapters of rank ${rank} (alpha ${alpha}) on ${targets.join(", ")}`;
  return [`trains ${what}: parameters are those of an adapter, and checkpoints and savepoints hold no more`];
}

/** Trainers of a kind of stage by size of model and number of cards, of so many gigabytes each. */
function fitSheet(kind: "rlhf" | "sft", gigabytes: number): Sheet {
  const { columns, rows } = fitTable(kind, gigabytes);
  return { columns: columns.map((header) => ({ header, align: "left" })), rows };
}

const COLUMNS: Sheet["columns"] = [
  { header: "stage", align: "left" },
  { header: "state", align: "left" },
  { header: "parameters", align: "right" },
  { header: "memory", align: "right" },
  { header: "time", align: "right" },
];

function planRow({ cached, parameters, memoryBytes, estimatedSeconds }: PlannedStage, name: string): string[] {
  const time = cached ? "–" : formatDuration(estimatedSeconds);
  return [name, cached ? "cached" : "to do", formatCount(parameters), formatBytes(memoryBytes), time];
}
