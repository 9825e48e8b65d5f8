import type { BackendChoice } from "../compute/backends/choose.ts";
import { type RunConfig, judgingCost, judgingCostTexts } from "../config/index.ts";
import { powerText } from "../evaluation/statistics/power.ts";
import { machineMemory } from "../pipeline/machineMemory.ts";
import { fitText } from "../common/cards.ts";
import type { PlannedData } from "../protocol/dataCounts.ts";
import type { Shortfall } from "../protocol/shortfalls.ts";
import { amountText } from "../protocol/spending.ts";
import { stageNames } from "../protocol/stageName.ts";
import type { PlanOutput } from "../protocol/toolOutput.ts";
import type { CommandContext } from "./command.ts";
import { type MemoryPlace, memoryAdvice } from "./memoryAdvice.ts";
import { chainNotes, secondsOf, sweepNotes } from "./sweepNotes.ts";

/** How a plan is made. */
export interface PlanningSettings {
  /** Downloads nothing, and checks the first lines of data only. */
  readonly isQuick: boolean;
  readonly progress: (text: string) => void;
}

/** A plan, and the choices behind it. */
export interface Planned {
  readonly output: PlanOutput;
  readonly choice: BackendChoice;
  /** With the backend that is taken. */
  readonly config: RunConfig;
  /** False where no setting makes it fit on its card, or no trainer of a cluster can do it. */
  readonly fits: boolean;
}

/** Plans a run of a config. @throws {DataError} when its data cannot be used. */
export async function planned(
  asked: RunConfig,
  context: Pick<CommandContext, "pipeline">,
  { isQuick, progress }: PlanningSettings,
): Promise<Planned> {
  const { chooseBackend, comparedPrompts, fitOnCard, modelNotes, planPipeline, trainerPlan, withChoice } =
    await context.pipeline();
  const choice = await chooseBackend(asked.runtime);
  const config = withChoice(asked, choice);
  let data: readonly PlannedData[] = [];
  let shortfalls: readonly Shortfall[] = [];
  let prompts = "";
  const chosen: string[] = [];
  const stages = await planPipeline(config, {
    runsRoot: config.runtime.directory,
    progress,
    onData: (found) => (data = found),
    onShortfalls: (found) => (shortfalls = found),
    onPrompts: (text) => (prompts = text),
    onCheckpointing: (text) => chosen.push(text),
    isQuick,
  });
  const isJudged = stages.some(({ kind }) => kind === "judgments");
  const power = isJudged ? [powerText(comparedPrompts(config, shortfalls))] : [];
  const costs = judgingCostTexts(judgingCost(config, shortfalls), config.evaluation.budget);
  const { cluster, directory } = config.runtime;
  // Its machines compute, not this one.
  const fit = cluster || choice.device.uuid === undefined ? undefined : await fitOnCard(config, choice, directory);
  const trainers = cluster && trainerPlan(config, stages);
  const advice =
    fit === undefined
      ? memoryAdvice(cluster ? [] : stages, memoryPlace(config, choice), stageNames(stages))
      : fitText(choice.device.name, choice.device.memoryBytes ?? 0, fit);
  const output: PlanOutput = {
    name: config.name,
    backend: backendFacts(choice),
    prompts,
    notes: [
      ...(await modelNotes(config)),
      ...chosen,
      ...sweepNotes(config, stages),
      ...power,
      ...costs,
      ...(cluster && config.sweep === undefined ? chainNotes(stages) : []),
      ...(cluster ? [clusterNote(cluster)] : []),
      ...(cluster?.price ? [priceNote(cluster.price, stages)] : []),
      ...(trainers?.lines ?? []),
    ],
    ...(advice !== undefined && { advice }),
    stages,
    data,
    shortfalls,
    peakMemoryBytes: Math.max(0, ...stages.map((stage) => stage.memoryBytes)),
    secondsLeft: stages.reduce((sum, stage) => sum + secondsOf(stage), 0),
  };
  return { output, choice, config, fits: fit?.fits !== false && trainers?.isPossible !== false };
}

function clusterNote({ address }: NonNullable<RunConfig["runtime"]["cluster"]>): string {
  const what = "times are those of this machine; what its machines compute with is asked for when a run begins";
  return `stages are jobs of the Ray cluster at ${address} (${what}, and by salsa cluster)`;
}

/** The cost of the stages that are left, by the time that they take here. */
function priceNote(
  { currency, cardHour, coreHour }: NonNullable<NonNullable<RunConfig["runtime"]["cluster"]>["price"]>,
  stages: PlanOutput["stages"],
): string {
  const value = stages.reduce((sum, one) => sum + ((one.pricePerHour ?? 0) * secondsOf(one)) / 3600, 0);
  const prices = Object.entries({ card: cardHour, core: coreHour }).flatMap(([unit, price]) =>
    price === undefined ? [] : [`${price} ${currency} for a ${unit} and hour`],
  );
  return `costs about ${amountText({ value, currency })} in the times above, at ${prices.join(" and ") || "no price"}`;
}

function memoryPlace({ model, runtime }: RunConfig, { descriptor, device, precision }: BackendChoice): MemoryPlace {
  const { gradientCheckpointing, frozenWeights } = runtime;
  return {
    backend: descriptor.name,
    maxBytes: device.limits.maxBytes ?? Infinity,
    machineBytes: machineMemory(),
    // Where it is left open, it is chosen already.
    gradientCheckpointing: gradientCheckpointing ?? true,
    // A model that computes in bf16 holds its matrices so, whatever the setting.
    frozenWeights: precision === "bf16" ? precision : frozenWeights,
    hasAdapters: "checkpoint" in model && model.lora !== undefined,
  };
}

function backendFacts({ descriptor: { name, title }, device, reason }: BackendChoice): PlanOutput["backend"] {
  return { name, title, device: device.id, deviceName: device.name, limits: device.limits, reason };
}
