import type { Backend } from "../compute/backend.ts";
import { cardBackend } from "../compute/backends/card.ts";
import { identityOf } from "../compute/backends/choose.ts";
import { type WeightType, repeated } from "../compute/graph/dtype.ts";
import { plan } from "../compute/graph/program.ts";
import { type Tensor, Graph } from "../compute/graph/tensor.ts";
import { matmul } from "../compute/ops/index.ts";
import type { RunConfig, RuntimeConfig } from "../config/index.ts";
import { preparedName } from "../data/index.ts";
import { memoryByRole } from "../common/memory.ts";
import type { PlannedData } from "../protocol/dataCounts.ts";
import type { Shortfall } from "../protocol/shortfalls.ts";
import type { PlannedStage } from "../protocol/toolOutput.ts";
import { Artifacts } from "../storage/artifacts.ts";
import { cardCountText } from "../cluster/trainer/cards.ts";
import { isSent } from "../cluster/trainer/placement.ts";
import { trainerNamed } from "../cluster/trainers.ts";
import { pricePerHour, resourcesText, stageResources } from "./cluster/cluster.ts";
import { withLocalCheckpoints } from "./hubCheckpoints.ts";
import { checkPrecision, chooseBackend, openChoice } from "./backends.ts";
import { taskOf, taskTokenizer } from "./corpus.ts";
import { checkData, countedInPlace, describePrompts } from "./dataChecks.ts";
import { loadOutline } from "./modelFolder.ts";
import { viewOf } from "./modelView.ts";
import { trainerChoice } from "./trainer/trainerPlan.ts";
import { type ResolvedRecipe, type ResolvedStage, inputFacts, resolveRecipe } from "./resolve.ts";
import { type DeviceRoom, checkpointingNote, roomOn } from "./deviceRoom.ts";
import { salsa } from "./salsa.ts";
import { modelConfigOf } from "./stages/baseModel.ts";
import { checkAnswerFiles } from "./stages/fileAnswers.ts";
import { shortfalls } from "./shortfalls.ts";
import { stageNames } from "../protocol/stageName.ts";
import { type Cost, type CostFacts, type Pace, recomputationOf } from "./stage.ts";

/** Share of the rate of a large matrix product that stages reach: the demo's, on two cores (plan 35 s, run 30 s). */
const EFFICIENCY = 0.75;
/** Reading, writing and making programs. */
const SECONDS_PER_STAGE = 0.1;
/** Operations per second that stages are weighed against each other at, where nothing is measured. */
const NOMINAL_RATE = 5e10;

/** Where results are, and listeners for what else a plan finds. */
export interface PlanSettings {
  readonly runsRoot: string;
  /** Called with the progress of downloads, in words. */
  readonly progress?: (text: string) => void;
  /** Called with the counts of each source whose records are not all used, or not all of use. */
  readonly onData?: (data: readonly PlannedData[]) => void;
  /** Called with the settings that ask for more records than there are. */
  readonly onShortfalls?: (found: readonly Shortfall[]) => void;
  /** Called with a sentence on how prompts are put to the base model. */
  readonly onPrompts?: (text: string) => void;
  /** Called with a sentence on what a run would choose by itself for want of memory. */
  readonly onCheckpointing?: (text: string) => void;
  /** Downloads nothing, and checks the first lines of each file only: for editors, at every save. */
  readonly isQuick?: boolean | undefined;
}

/** Lines of each file that a quick plan checks. */
const QUICK_LINES = 1000;

/** Counts of sources, for people and programs; none of files of which there is nothing to tell. */
export function plannedData({ data }: Pick<ResolvedRecipe, "data">): PlannedData[] {
  return data.flatMap(({ source, kind, counts }) => {
    return counts === undefined ? [] : [{ from: typeof source === "string" ? source : source.from, kind, ...counts }];
  });
}

/** The same with the folders of prepared records, which stay for as long as a run that names them. */
export function usedData({ data }: Pick<ResolvedRecipe, "data">): PlannedData[] {
  return data.flatMap((read) =>
    plannedData({ data: [read] }).map((planned) => {
      const prepared = preparedName(read.file.path);
      return { ...planned, ...(prepared !== undefined && { prepared }) };
    }),
  );
}

/** Estimates a run of the config: resolves its recipe, runs none of it, and measures how fast this machine is. */
export async function planPipeline(
  asked: RunConfig,
  { runsRoot, progress, onData, onShortfalls, onPrompts, onCheckpointing, isQuick = false }: PlanSettings,
): Promise<readonly PlannedStage[]> {
  const artifacts = new Artifacts(runsRoot);
  const config = await withLocalCheckpoints(asked, { progress, isOffline: isQuick });
  const choice = await chooseBackend(config.runtime);
  checkPrecision(config, choice);
  const view = await viewOf(config);
  const base = await baseFacts(config);
  const resolved = await resolveRecipe(salsa(config).recipe, {
    ...{ artifacts, backend: identityOf(choice), view, progress },
    placementOf: trainerChoice(config, base),
    isOffline: isQuick,
  });
  await checkData(view, resolved.data, { root: artifacts.root, mostLines: isQuick ? QUICK_LINES : undefined });
  await checkAnswerFiles(resolved);
  onPrompts?.(describePrompts(view));
  // To count is to read all of a file, which is not for every save.
  const data = isQuick ? resolved.data : await countedInPlace(resolved.data, artifacts.root);
  onData?.(plannedData({ data }));
  onShortfalls?.(shortfalls(config, resolved));
  const settings = { artifacts, pace: config.runtime, precision: choice.precision };
  // On a cluster, its machines have another.
  const room = config.runtime.cluster === undefined ? roomOn(choice) : undefined;
  const estimates = await estimate(base, resolved, { ...settings, room });
  const note = room && checkpointingNote(checkpointedNames(config, estimates), room);
  if (note !== undefined) onCheckpointing?.(note);
  // Memory that a card would take, with the precision that it would compute with, also where none is at hand.
  const onCard = { ...settings, precision: config.runtime.precision ?? cardBackend.precisions[0] };
  const isSame = onCard.precision === settings.precision;
  const cards = isSame ? estimates : isQuick ? [] : await estimate(base, resolved, onCard);
  const backend = await openChoice(choice, config.runtime);
  const rate = (await matmulRate(backend)) * EFFICIENCY;
  await backend.close();
  const shares = sharesOf(resolved.stages);
  return estimates.map(({ stage: { info, artifact, declared, placement }, cached, cost }, at) => ({
    ...info,
    key: artifact.key,
    cached,
    parameters: cost.parameters,
    ...memoryOf(cost, choice.device.uuid !== undefined),
    ...(cards[at] !== undefined && { cardBytes: cards[at].cost.cardBytes }),
    ...(cost.savepointBytes && { savepointBytes: cost.savepointBytes }),
    estimatedSeconds: SECONDS_PER_STAGE + cost.flops / rate,
    ...(declared.batchSetting !== undefined && { batchSetting: declared.batchSetting }),
    ...(shares.has(info.id) && { share: shares.get(info.id) }),
    ...(placement && { placement }),
    ...(config.runtime.cluster?.price && {
      pricePerHour: pricePerHour(config.runtime.cluster, { info, declared, ...(placement && { placement }) }),
    }),
    ...(config.runtime.cluster && { runsOn: placeText(config.runtime.cluster, { info, declared, placement }) }),
  }));
}

/** Memory of a stage, that of the host for its savepoints included where it runs on a card. */
export function memoryOf(
  { memoryBytes, memoryByRole: roles, savepointBytes = 0 }: Cost,
  isOnCard: boolean,
): Pick<PlannedStage, "memoryBytes" | "memoryByRole"> {
  const all = memoryBytes + (isOnCard ? savepointBytes : 0);
  if (roles === undefined) return { memoryBytes: all };
  const { other: _, ...known } = roles;
  return { memoryBytes: all, memoryByRole: memoryByRole(all, known) };
}

/** Where a stage of a run on a cluster is made, for people: "OpenRLHF, 2 × 8 cards", "Ray, 1 GPU and 4 CPUs". */
function placeText(
  cluster: NonNullable<RunConfig["runtime"]["cluster"]>,
  {
    info,
    declared,
    placement,
  }: Pick<ResolvedStage, "info" | "declared"> & { readonly placement: ResolvedStage["placement"] | undefined },
): string {
  if (placement?.trainer === "none") return "nobody";
  if (isSent(placement)) return `${trainerNamed(placement.trainer).title}, ${cardCountText(placement.place)}`;
  return declared.usesDevice ? `Ray, ${resourcesText(stageResources(cluster, info.kind))}` : "the run's process";
}

/** A resolved stage with its cost; `cached` is true if its artifact is there. */
export interface StageEstimate {
  readonly stage: ResolvedStage;
  readonly cached: boolean;
  readonly cost: Cost;
  /** As the config says, or as was chosen. */
  readonly gradientCheckpointing: boolean;
}

/** Facts about a run that its estimates depend on. */
export interface EstimateSettings {
  readonly artifacts: Artifacts;
  readonly pace: Pick<RuntimeConfig, "gradientCheckpointing">;
  /** Precision that models compute with. */
  readonly precision: WeightType;
  /** Where the config leaves it open, gradients of stages that would not fit here are checkpointed; of none where absent. */
  readonly room?: DeviceRoom | undefined;
}

/**
 * Estimates every stage of a resolved recipe, in its order. Planning the memory of its trainings takes a moment.
 *
 * @param base - Of the run's models, from {@link baseFacts}.
 */
export async function estimate(
  base: BaseFacts,
  { stages }: Pick<ResolvedRecipe, "stages">,
  { artifacts, pace, precision, room }: EstimateSettings,
): Promise<readonly StageEstimate[]> {
  const asked = pace.gradientCheckpointing;
  const estimated = (stage: ResolvedStage, gradientCheckpointing: boolean): Omit<StageEstimate, "cached"> => {
    const facts = { ...base, precision, ...inputFacts(stage.inputs) };
    const cost = stage.declared.cost({ ...facts, recomputation: recomputationOf({ gradientCheckpointing }) });
    return { stage, cost: leftOf(stage, cost), gradientCheckpointing };
  };
  return Promise.all(
    stages.map(async (stage) => {
      const [cached, first] = [await artifacts.has(stage.key), estimated(stage, asked ?? false)];
      const isOpen = asked === undefined && !isSent(stage.placement);
      if (!isOpen || room === undefined || room.of(first.cost) <= room.bytes) return { ...first, cached };
      const second = estimated(stage, true);
      return { ...(room.of(second.cost) < room.of(first.cost) ? second : first), cached };
    }),
  );
}

/** How each stage of a run works, by its id. */
export function pacesOf(
  { runtime }: Pick<RunConfig, "runtime">,
  estimates: readonly StageEstimate[],
): (stage: string) => Pace {
  const { checkpointEvery, metricsEvery } = runtime;
  const chosen = new Map(estimates.map((one) => [one.stage.info.id, one.gradientCheckpointing]));
  return (stage) => ({ checkpointEvery, metricsEvery, gradientCheckpointing: chosen.get(stage) ?? false });
}

/** Stages that are still to be made and whose gradients are checkpointed though the config does not say so, for people. */
export function checkpointedNames(
  { runtime }: Pick<RunConfig, "runtime">,
  estimates: readonly StageEstimate[],
): readonly string[] {
  if (runtime.gradientCheckpointing !== undefined) return [];
  const nameOf = stageNames(estimates.map(({ stage }) => stage.info));
  const chosen = estimates.filter(({ cached, gradientCheckpointing }) => gradientCheckpointing && !cached);
  return chosen.map(({ stage }) => nameOf(stage.info.id));
}

/** The cost of a stage that goes on from a rung. */
function leftOf({ gate }: ResolvedStage, cost: Cost): Cost {
  return gate === undefined ? cost : { ...cost, flops: cost.flops * gate.left };
}

/** How many of the stages like it successive halving lets be made, 0 to 1, by id; only those that it may leave out. */
function sharesOf(stages: readonly ResolvedStage[]): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const { info, declared, gate } of stages) {
    if (declared.takesDropped === true) continue;
    const share = Math.min(gate?.share ?? 1, ...info.inputs.map((id) => shares.get(id) ?? 1));
    if (share < 1) shares.set(info.id, share);
  }
  return shares;
}

/** How a stage's work compares to the others', in a unit in which only ratios count; 0 for cached stages. */
export function workOf({ cached, cost }: StageEstimate): number {
  return cached ? 0 : SECONDS_PER_STAGE + cost.flops / NOMINAL_RATE;
}

/** Facts about the base model, which hold for all models of the run. */
export type BaseFacts = Required<Pick<CostFacts, "model" | "stored">>;

/**
 * The shape of the base model, with the adapter that a run may train, and how checkpoints hold weights: as the config says,
 * or as most of the base model's are stored.
 * @throws {ModelConfigError} when the engine cannot run the config's checkpoint.
 */
export async function baseFacts({ model, task: settings }: RunConfig): Promise<BaseFacts> {
  const saved = model.saveAs === "bf16" ? "bf16" : "f32";
  if ("checkpoint" in model) {
    const { config: base, type } = await loadOutline(model.checkpoint);
    const stored = model.saveAs === undefined && type === "BF16" ? "bf16" : saved;
    return { model: model.lora === undefined ? base : { ...base, adapter: model.lora }, stored };
  }
  const language = taskOf(settings)?.language;
  if (language === undefined) throw new TypeError("plan: a new base model needs a task with a language of its own");
  return { model: modelConfigOf(model.architecture, taskTokenizer(language)), stored: saved };
}

const SIZE = 512;
const REPETITIONS = 5;

/** Floating-point operations per second of a large matrix product: the best of a few. */
async function matmulRate(backend: Backend): Promise<number> {
  const graph = new Graph();
  const { precision } = backend;
  const [a, b] = ["a", "b"].map((name) => graph.input(name, [SIZE, SIZE], precision)) as [Tensor, Tensor];
  const executable = backend.compile(plan({ product: matmul(a, b) }));
  const inputs = { a: repeated(0.5, precision, SIZE ** 2), b: repeated(0.5, precision, SIZE ** 2) };
  let best = Infinity;
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const started = performance.now();
    await executable.run({ inputs });
    best = Math.min(best, (performance.now() - started) / 1000);
  }
  executable.release();
  return (2 * SIZE ** 3) / best;
}
