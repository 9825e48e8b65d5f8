import { type Head, type TensorStream, type WeightArray, asF32, handOver, withHeads } from "../models/index.ts";
import type { Question } from "../protocol/conversation.ts";
import type { Model, PpoModels } from "../rl/ppoModels.ts";
import { isAdapterFolder } from "../storage/adapterFolders.ts";
import type { DiskList } from "../storage/diskList.ts";
import { Random } from "../training/index.ts";
import { readAdapter } from "./adapterFolder.ts";
import { hasMovingReference } from "./armSettings.ts";
import { type ChatSlice, loadFormat } from "./chatChoice.ts";
import type { EncodedPrompt } from "./generation.ts";
import { type FrozenSlice, type OpenModel, loadModel, openFrozenModel } from "./modelFolder.ts";
import {
  type HeldModel,
  type ReadableModel,
  changed,
  loadReferences,
  roleWeights,
  withoutAdapter,
} from "./references.ts";
import type { Rewarding } from "./rewarding.ts";
import type { RlhfInputs, RlhfSlice } from "./rlhfSlice.ts";
import type { Artifact } from "./stage.ts";
import { type TrainableModel, loadTrainable } from "./trainable.ts";

/** The models of a training, in the host's memory. */
export interface LoadedPpo extends Others {
  /** The policy's. */
  readonly start: TrainableModel;
}

/** Loads the policy's start and the models beside it. */
export async function loadPpo(slice: RlhfSlice, inputs: RlhfInputs): Promise<LoadedPpo> {
  const { seed, chat, lora, frozenWeights } = slice;
  const frozen: FrozenSlice = { ...(frozenWeights && { frozenWeights }) };
  const { init, reference, reward, template, base } = inputs;
  const random = Random.of(seed, "rlhf", "adapter");
  const start = await loadTrainable(init.folder, { ...(lora && { lora }), ...frozen, random, chat, template, base });
  const others = await loadOthers({
    start,
    reference,
    reward,
    frozen,
    chat,
    base,
    isMoving: hasMovingReference(slice.arm),
  });
  return { start, ...others };
}

/** The models on their way to the device; a critic of its own is loaded here. */
export async function ppoModels(
  { start, references, reward, trainableReward }: LoadedPpo,
  slice: RlhfSlice,
  rewarding: Omit<PpoModels["reward"], "weights">,
): Promise<PpoModels> {
  const critic = slice.arm.critic === "separate" ? criticFrom(await trainableReward()) : undefined;
  const heads: readonly Head[] = critic === undefined ? ["language", "value"] : ["language"];
  const weights = withHeads(start.trained, start.config, Random.of(slice.seed, "rlhf", "heads"), heads);
  return {
    ...(slice.lora && { base: handOver(start.frozen) }),
    policy: handedOver({ config: start.config, weights }),
    references: references.map((model) => ({
      config: model.config,
      weights: roleWeights(
        hasMovingReference(slice.arm) && model.weights instanceof Map ? inF32(model.weights) : model.weights,
      ),
    })),
    reward: { ...rewarding, weights: roleWeights(reward.weights) },
    ...(critic === undefined ? {} : { critic: handedOver(critic) }),
  };
}

/** Rewarding of answers to prompts that are given by their numbers. */
export function byNumber(
  { sequencesOf, ...model }: Rewarding<Question>,
  asked: DiskList<EncodedPrompt>,
): Omit<PpoModels["reward"], "weights"> {
  if (sequencesOf === undefined) return model;
  return {
    ...model,
    sequencesOf: async (numbers, generation) => {
      const prompts = await asked.pick(numbers);
      return sequencesOf(
        prompts.map(({ question }) => question),
        generation,
      );
    },
  };
}

/** The models beside the policy. */
interface Others {
  readonly references: readonly ReadableModel[];
  readonly reward: OpenModel;
  /** The reward model in f32, for a critic to start from. */
  readonly trainableReward: () => Promise<HeldModel<Float32Array>>;
}

/** Loads the models beside the policy: of adapters only what each changes of the base, which they share. */
async function loadOthers({
  start,
  reference,
  reward,
  frozen,
  chat,
  base,
  isMoving,
}: Pick<RlhfInputs, "reference" | "reward"> & {
  readonly isMoving: boolean;
  readonly base: Artifact | undefined;
  readonly start: TrainableModel;
  readonly frozen: FrozenSlice;
  readonly chat: ChatSlice["chat"];
}): Promise<Others> {
  const rewarding = async (): Promise<Pick<Others, "reward" | "trainableReward">> => {
    const model = await openFrozenModel(reward.folder, frozen, ["score"], { chat });
    return { reward: model, trainableReward: () => loadModel(reward.folder, ["score"]) };
  };
  const references = await loadReferences(reference, { config: start.config, frozen, base, isMoving });
  // One that the config brings is a whole model.
  if (base === undefined || !(await isAdapterFolder(reward.folder))) return { references, ...(await rewarding()) };
  const config = withoutAdapter(start.config);
  // Read for each: the one that takes it frees it.
  const change = async (): Promise<HeldModel<Float32Array>> =>
    changed(config, await readAdapter(reward.folder, config, ["score"]));
  const format = await loadFormat(reward.folder, { chat, base });
  return {
    references,
    reward: { ...start, ...(await change()), format, tokenizer: format.tokenizer },
    trainableReward: change,
  };
}

/** A reference that moves does so in f32, whatever it is stored in. */
function inF32(weights: HeldModel["weights"]): HeldModel["weights"] {
  return new Map(asF32(weights));
}

/** The model on its way to the device, which frees the host's copy. */
function handedOver<A extends WeightArray>({ config, weights }: HeldModel<A>): Model<TensorStream<A>> {
  return { config, weights: handOver(weights) };
}

/** A critic that starts as the reward model, whose scalar head becomes the value head (TRL ≥ 0.12). */
function criticFrom({ config, weights }: HeldModel<Float32Array>): HeldModel<Float32Array> {
  const named = [...weights].map(
    ([name, tensor]) => [name === "score.weight" ? "v_head.weight" : name, tensor] as const,
  );
  const bias = { shape: [1], data: new Float32Array(1) };
  return { config, weights: new Map([...named, ["v_head.bias", bias]]) };
}
