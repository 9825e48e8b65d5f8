import { resolve } from "node:path";
import { powerText } from "../../evaluation/statistics/power.ts";
import { sheetText } from "../../evaluation/tables/sheet.ts";
import type { Sheet } from "../../evaluation/tables/sheet.ts";
import { type BackendChoice, choiceText } from "../../compute/backends/choose.ts";
import { type DerivedSizes, type RunConfig, derivedSizes, judgingCost, judgingCostTexts } from "../../config/index.ts";
import { switchOption } from "../arguments.ts";
import { EXIT } from "../command.ts";
import type { Command } from "../command.ts";
import { loadConfig } from "../files.ts";
import { cardsText, fitText } from "../../protocol/cards.ts";
import { formatBytes, formatCount, formatDuration } from "../../protocol/format.ts";
import { PROCESS_BYTES } from "../../protocol/memory.ts";
import { stageNames } from "../../protocol/stageName.ts";
import { type PlannedData, countsText } from "../../protocol/dataCounts.ts";
import { type Shortfall, shortfallLine } from "../../protocol/shortfalls.ts";
import type { PlanOutput, PlannedStage } from "../../protocol/toolOutput.ts";
import { machineMemory } from "../../pipeline/machineMemory.ts";
import { type MemoryPlace, memoryAdvice } from "../memoryAdvice.ts";
import { RUNTIME_OPTIONS, runtimeOverrides } from "../runOptions.ts";
import { printJson } from "../terminal.ts";

/** Shows what a run would do. */
export const plan: Command = {
  name: "plan",
  summary: "show what a run would do: stages, what is cached, memory, time",
  details: [
    "Nothing is computed. Data in layouts of others is downloaded and prepared, below the runs' folder, and its records\n" +
      "are counted: a setting that asks for more than there are is warned of. Times are estimates from the work of each\n" +
      "stage, right to about a factor of two.\n" +
      "Memory is that of weights and activations, on the device and on their way to it, right to about a tenth; what the\n" +
      "process takes beside comes last. Where it does not fit, the setting to change is named. Exits with 1 for a run that\n" +
      "fits on its card with no setting.",
    'With --json, one object: {"name":...,"backend":{"name","title","device","deviceName","limits":{"maxBytes"?},\n' +
      '"reason"},"prompts":...,"notes":[...],"stages":[{"id","kind","title","product","role",...,"key","cached",\n' +
      '"parameters","memoryBytes","cardBytes","estimatedSeconds"}],"data":[{"from","kind","read","used","validation","unusable"}],\n' +
      '"shortfalls":[{"path":[...],"asked","there","from"}],\n' +
      '"sizes":{...},"peakMemoryBytes":...,"secondsLeft":...,\n' +
      '"config":{...as resolved, with the backend that is taken}}.',
  ],
  positionals: [{ name: "CONFIG", description: "Run config, a *.salsa.json file" }],
  options: {
    ...RUNTIME_OPTIONS,
    quick: { description: "Download nothing, and check the first 1,000 lines of each file only" },
  },
  examples: [
    ["salsa plan examples/miniinstruct/demo.salsa.json", "The demo's stages and how long they will take"],
    ["salsa plan my.salsa.json --json", "The same for a script, with every setting as resolved"],
  ],
  async run(args, context) {
    const asked = await loadConfig(resolve(context.folder, args.positionals[0] ?? ""), runtimeOverrides(args, context));
    const { chooseBackend, comparedPrompts, fitOnCard, modelNotes, planPipeline, withChoice } =
      await context.pipeline();
    const choice = await chooseBackend(asked.runtime);
    const config = withChoice(asked, choice);
    const { terminal, isJson } = context;
    let data: readonly PlannedData[] = [];
    let short: readonly Shortfall[] = [];
    let prompts = "";
    const stages = await planPipeline(config, {
      runsRoot: config.runtime.directory,
      progress: (text) => terminal.errLine(text),
      onData: (found) => (data = found),
      onShortfalls: (found) => (short = found),
      onPrompts: (text) => (prompts = text),
      isQuick: switchOption(args, "quick"),
    });
    const isJudged = stages.some(({ kind }) => kind === "judgments");
    const power = isJudged ? [powerText(comparedPrompts(config, short))] : [];
    const costs = judgingCostTexts(judgingCost(config), config.evaluation.budget);
    const notes = [...(await modelNotes(config)), ...power, ...costs];
    const peakMemoryBytes = Math.max(0, ...stages.map((stage) => stage.memoryBytes));
    const secondsLeft = stages.reduce((sum, stage) => sum + (stage.cached ? 0 : stage.estimatedSeconds), 0);
    const nameOf = stageNames(stages);
    const fit =
      choice.device.uuid === undefined ? undefined : await fitOnCard(config, choice, config.runtime.directory);
    const advice =
      fit === undefined
        ? memoryAdvice(stages, memoryPlace(config, choice), nameOf)
        : fitText(choice.device.name, choice.device.memoryBytes ?? 0, fit);
    const code = fit?.fits === false ? EXIT.failed : EXIT.ok;
    if (isJson) {
      printJson(terminal, {
        name: config.name,
        backend: backendFacts(choice),
        prompts,
        notes,
        ...(advice !== undefined && { advice }),
        stages,
        data,
        shortfalls: short,
        sizes: derivedSizes(config),
        peakMemoryBytes,
        secondsLeft,
        config,
      } satisfies PlanOutput & { readonly sizes: DerivedSizes; readonly config: RunConfig });
      return code;
    }
    terminal.out(sheetText({ columns: COLUMNS, rows: stages.map((stage) => planRow(stage, nameOf(stage.id))) }));
    for (const { from, kind, ...counts } of data) {
      terminal.outLine(`${kind} ${from}: ${countsText(counts)}`);
    }
    for (const one of short) terminal.outLine(`warning: ${shortfallLine(one)}`);
    const nMade = stages.filter((stage) => stage.cached).length;
    const made = `${nMade} of ${stages.length} stages are cached`;
    terminal.out(
      `\n${made}; about ${formatDuration(secondsLeft)} to go, at most ${formatBytes(peakMemoryBytes)} of memory for models and ${formatBytes(PROCESS_BYTES)} for the process\n`,
    );
    for (const line of [prompts, ...notes, ...adaptersTexts(config.model)]) terminal.outLine(line);
    terminal.outLine(`computes on ${choiceText(choice)}`);
    const cards = cardsText(stages, nameOf);
    if (cards !== undefined) terminal.outLine(cards);
    if (advice !== undefined) terminal.outLine(advice);
    return code;
  },
};

/** Adapters that are trained and saved in place of whole models; empty where there are none. */
function adaptersTexts(model: RunConfig["model"]): readonly string[] {
  if (!("checkpoint" in model) || model.lora === undefined) return [];
  const { rank, alpha, targets } = model.lora;
  const what = `adapters of rank ${rank} (alpha ${alpha}) on ${targets.join(", ")}`;
  return [`trains ${what}: parameters are those of an adapter, and checkpoints and savepoints hold no more`];
}

function memoryPlace({ model, runtime }: RunConfig, { descriptor, device, precision }: BackendChoice): MemoryPlace {
  const { gradientCheckpointing, frozenWeights } = runtime;
  return {
    backend: descriptor.name,
    maxBytes: device.limits.maxBytes ?? Infinity,
    machineBytes: machineMemory(),
    gradientCheckpointing,
    // A model that computes in bf16 holds its matrices so, whatever the setting.
    frozenWeights: precision === "bf16" ? precision : frozenWeights,
    hasAdapters: "checkpoint" in model && model.lora !== undefined,
  };
}

function backendFacts({ descriptor: { name, title }, device, reason }: BackendChoice): PlanOutput["backend"] {
  return { name, title, device: device.id, deviceName: device.name, limits: device.limits, reason };
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
