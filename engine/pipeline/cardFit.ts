import { type BackendChoice, identityOf } from "../compute/backends/choose.ts";
import { type RlhfConfig, type RunConfig, LORA_TARGETS } from "../config/index.ts";
import type { UPSTREAM } from "../config/sweeps/sections.ts";
import { Artifacts } from "../storage/artifacts.ts";
import { withLocalCheckpoints } from "./hubCheckpoints.ts";
import { viewOf } from "./modelView.ts";
import { baseFacts, estimate } from "./plan.ts";
import { resolveRecipe } from "./resolve.ts";
import { type DeviceRoom, roomOn } from "./deviceRoom.ts";
import { salsa } from "./salsa.ts";

/** A config that takes less of a card. */
export interface SmallerConfig {
  readonly config: RunConfig;
  /** The setting to change, for people: "runtime.gradientCheckpointing true". */
  readonly changes: readonly string[];
}

/** Memory of a card that a run takes with some settings changed. */
export interface CardFit extends SmallerConfig {
  readonly cardBytes: number;
  /** False where not even everything together is enough. */
  readonly fits: boolean;
}

/**
 * Holds a run against the card that it is to be computed on.
 *
 * @returns The config that fits: the run's own, or the nearest; undefined where no card computes it.
 */
export async function fitOnCard(
  config: RunConfig,
  choice: Pick<BackendChoice, "descriptor" | "device" | "precision">,
  runsRoot: string,
): Promise<CardFit | undefined> {
  const { uuid, memoryBytes } = choice.device;
  if (uuid === undefined || memoryBytes === undefined) return undefined;
  const room = roomOn(choice);
  return nearestFit(config, room.bytes, (one) => peakOn(one, { choice, runsRoot, room }));
}

/**
 * Finds the first of ever smaller configs that fits.
 *
 * @param config - The run's own.
 * @param limitBytes - Of the card, for models.
 * @param bytesOf - Memory that a config takes.
 * @returns The smallest of all where none fits.
 */
export async function nearestFit(
  config: RunConfig,
  limitBytes: number,
  bytesOf: (config: RunConfig) => Promise<number>,
): Promise<CardFit> {
  let least: CardFit = { config, changes: [], cardBytes: await bytesOf(config), fits: false };
  if (least.cardBytes <= limitBytes) return { ...least, fits: true };
  for (const smaller of smallerConfigs(config)) {
    const cardBytes = await bytesOf(smaller.config);
    if (cardBytes <= limitBytes) return { ...smaller, cardBytes, fits: true };
    if (cardBytes < least.cardBytes) least = { ...smaller, cardBytes, fits: false };
  }
  return least;
}

/** Place of a run whose peak is asked for. */
export interface PeakSettings {
  readonly choice: Pick<BackendChoice, "descriptor" | "device" | "precision">;
  readonly runsRoot: string;
  readonly room: DeviceRoom;
}

/** The most that any stage that is still to be made takes of a run's device; downloads nothing. */
export async function peakOn(asked: RunConfig, { choice, runsRoot, room }: PeakSettings): Promise<number> {
  const artifacts = new Artifacts(runsRoot);
  const config = await withLocalCheckpoints(asked, { progress: undefined, isOffline: true });
  const place = { artifacts, backend: identityOf(choice), view: await viewOf(config), isOffline: true };
  const resolved = await resolveRecipe(salsa(config).recipe, place);
  const estimates = await estimate(await baseFacts(config), resolved, {
    artifacts,
    pace: config.runtime,
    precision: choice.precision,
    room,
  });
  const left = estimates.filter(({ cached }) => !cached);
  return Math.max(0, ...left.map(({ cost }) => room.of(cost)));
}

/**
 * Ever smaller configs, each by one change more, in the order of what the changes cost: time, then a rounding of what is only
 * read, then what is trained at all.
 */
export function smallerConfigs(config: RunConfig): readonly SmallerConfig[] {
  const found: SmallerConfig[] = [];
  let now: SmallerConfig = { config, changes: [] };
  const change = (next: RunConfig, changes: readonly string[]): void => {
    now = { config: next, changes };
    found.push(now);
  };
  const { runtime } = config;
  // Where it is left open, it is chosen already.
  if (runtime.gradientCheckpointing === false) {
    const next = { ...now.config, runtime: { ...now.config.runtime, gradientCheckpointing: true } };
    change(next, [...now.changes, "runtime.gradientCheckpointing true"]);
  }
  if (runtime.frozenWeights !== "bf16") {
    const next = { ...now.config, runtime: { ...now.config.runtime, frozenWeights: "bf16" as const } };
    change(next, [...now.changes, 'runtime.frozenWeights "bf16"']);
  }
  const before = now.changes;
  for (let next = halved(now.config); next !== undefined; next = halved(now.config)) {
    change(next, [...before, ...batchTexts(config, next)]);
  }
  const { model } = now.config;
  if ("checkpoint" in model && model.lora === undefined) {
    const lora = { rank: 16, alpha: 32, targets: LORA_TARGETS };
    change({ ...now.config, model: { ...model, lora } }, [...now.changes, 'model.lora { "rank": 16 }']);
  }
  return found;
}

interface Batch {
  readonly batchSize: number;
  readonly gradientAccumulation: number;
}

/** Half of each micro-batch, twice as often; undefined where no batch can be halved. */
function halved(config: RunConfig): RunConfig | undefined {
  const { model, sft, reward, arms } = config;
  const swept = new Set(Object.values(config.sweep ?? {}).flatMap(({ values }) => Object.keys(values)));
  const half = <B extends Batch>(batch: B, section: keyof typeof UPSTREAM): B => {
    // Values of a grid hold in place of the section's.
    const isSwept = swept.has(`${section}.batchSize`) || swept.has(`${section}.gradientAccumulation`);
    if (isSwept || batch.batchSize % 2 !== 0) return batch;
    return { ...batch, batchSize: batch.batchSize / 2, gradientAccumulation: 2 * batch.gradientAccumulation };
  };
  const halfArm = <A extends Pick<RlhfConfig, "minibatchSize" | "gradientAccumulation">>(arm: A): A => {
    if (arm.minibatchSize % 2 !== 0) return arm;
    return { ...arm, minibatchSize: arm.minibatchSize / 2, gradientAccumulation: 2 * arm.gradientAccumulation };
  };
  const pretrain = "pretrain" in model ? half(model.pretrain, "pretrain") : undefined;
  const next: RunConfig = {
    ...config,
    ...("pretrain" in model && pretrain !== model.pretrain && pretrain && { model: { ...model, pretrain } }),
    sft: half(sft, "sft"),
    reward: half(reward, "reward"),
    arms: Object.fromEntries(Object.entries(arms).map(([name, arm]) => [name, halfArm(arm)])),
  };
  const isSame =
    next.model === model &&
    next.sft === sft &&
    next.reward === reward &&
    Object.entries(arms).every(([name, arm]) => next.arms[name] === arm);
  return isSame ? undefined : next;
}

function batchTexts(before: RunConfig, after: RunConfig): readonly string[] {
  const texts: string[] = [];
  const tell = (path: string, [was, size]: readonly [number, number], accumulation: number): void => {
    if (was === size) return;
    texts.push(`${path} ${size} with gradientAccumulation ${accumulation}`);
  };
  const { sft, reward } = after;
  tell("sft.batchSize", [before.sft.batchSize, sft.batchSize], sft.gradientAccumulation);
  tell("reward.batchSize", [before.reward.batchSize, reward.batchSize], reward.gradientAccumulation);
  if ("pretrain" in before.model && "pretrain" in after.model) {
    const { batchSize, gradientAccumulation } = after.model.pretrain;
    tell("model.pretrain.batchSize", [before.model.pretrain.batchSize, batchSize], gradientAccumulation);
  }
  // Arms take what they do not set themselves from rlhf.
  for (const [name, arm] of Object.entries(after.arms)) {
    const was = before.arms[name]?.minibatchSize ?? arm.minibatchSize;
    tell("rlhf.minibatchSize", [was, arm.minibatchSize], arm.gradientAccumulation);
  }
  return [...new Set(texts)];
}
