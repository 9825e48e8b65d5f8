import { join, resolve } from "node:path";
import { allFinite } from "../compute/graph/dtype.ts";
import {
  type Adapter,
  type AdapterModel,
  type FetchedTensor,
  type Head,
  type HostTensor,
  type ModelConfig,
  type Weights,
  LORA_A,
  denseLayers,
  selectWeights,
  trainableParameters,
} from "../models/index.ts";
import { WeightsError } from "../models/weights.ts";
import type { LoraConfig, RunConfig, SavedType } from "../config/index.ts";
import { isOnOtherMachine } from "../common/childEnvironment.ts";
import { hubCheckpoint, snapshotOf } from "../data/index.ts";
import { CheckpointError, DataError } from "../protocol/errors.ts";
import {
  type AdapterSettings,
  type AdapterWeights,
  isAdapterFolder,
  openAdapterWeights,
  readAdapterSettings,
  writeAdapterFolder,
} from "../storage/adapterFolders.ts";
import { ADAPTER_FILE } from "../config/paths.ts";
import { carryMoreTemplates } from "../storage/moreTemplates.ts";
import { SAVED_TYPES } from "../storage/elementTypes.ts";
import { inputExists } from "../storage/inputs.ts";
import type { PromptFormat } from "../text/index.ts";
import type { Artifact } from "./stage.ts";

/** The checkpoint that the adapters of a run change; an input, and so part of keys, of a run with adapters alone. */
export type BaseInput = Readonly<Partial<Record<"base", Artifact>>>;

/** The adapters that a run trains; in a slice only where it trains some. */
export interface LoraSlice {
  readonly lora?: LoraConfig;
}

/** The config's adapters, for slices of stages that train. */
export function loraSlice({ model }: RunConfig): LoraSlice {
  return "checkpoint" in model && model.lora !== undefined ? { lora: model.lora } : {};
}

/**
 * Folder of the base of an adapter, which its settings name unless one is given.
 * @throws {CheckpointError} when the settings name none that is here.
 */
export async function baseFolderOf(folder: string, given?: string): Promise<string> {
  if (given !== undefined) return given;
  const file = join(folder, ADAPTER_FILE);
  const { base, revision } = await readAdapterSettings(folder);
  const found = resolve(base);
  // An adapter that came from elsewhere may name any folder, and looking at a server's would connect to it.
  const isHere =
    !isOnOtherMachine(found, resolve(folder), process.platform) && (await inputExists(join(found, "config.json")));
  if (isHere) return found;
  const cached = await cachedFolder(base, revision);
  if (cached !== undefined) return cached;
  const remedy = "name its folder with --base";
  throw new CheckpointError(`the base model ${JSON.stringify(base)} is not a checkpoint here`, { file, remedy });
}

/** Folder of a model in Hugging Face's cache; undefined where it is not there, or the name is none. Downloads nothing. */
async function cachedFolder(name: string, revision = "main"): Promise<string | undefined> {
  try {
    return (await hubCheckpoint(`hf:${name}@${revision}`, { isOffline: true })).folder;
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

/**
 * The base of an adapter as PEFT resolves it: a model of Hugging Face's cache by its name and commit, which is the same
 * on any machine; any other folder by its absolute path. A relative one would count from the working directory of
 * whatever program loads the adapter, and not from the adapter.
 */
function baseSettings(folder: string): Pick<AdapterSettings, "base" | "revision"> {
  const snapshot = snapshotOf(folder);
  return snapshot === undefined ? { base: resolve(folder) } : { base: snapshot.name, revision: snapshot.commit };
}

/** An adapter, read, with the tensors that it brings: A and B of each layer, and a reward model's head. */
export interface ReadAdapter extends Required<AdapterModel> {
  /** Its own: to be handed over to a device. */
  readonly weights: Map<string, HostTensor>;
  readonly settings: AdapterSettings;
}

/**
 * Reads an adapter, whatever layers of the base it changes. The tensors of the given heads must be there.
 * @throws {CheckpointError} when it is damaged, or does not go with the base.
 */
export async function readAdapter(
  folder: string,
  base: ModelConfig,
  heads: readonly Head[] = ["language"],
): Promise<ReadAdapter> {
  const settings = await readAdapterSettings(folder);
  const file = await openAdapterWeights(folder);
  try {
    const { rank, alpha } = settings;
    const adapter = { rank, alpha, targets: targetsIn(file, base) };
    const wanted = trainableParameters({ ...base, adapter }, heads);
    const shapes = fitting(file, wanted);
    const known = trainableParameters({ ...base, adapter }, ["language", "score"]);
    const surplus = [...file.shapes.keys()].find((name) => !known.has(name));
    if (surplus !== undefined) throw foreign(file, surplus);
    const weights = new Map<string, HostTensor>();
    for (const [name, { shape }] of shapes) {
      const data = await file.readTensor(name);
      if (!allFinite(data)) {
        const remedy = "use an adapter from before its training diverged";
        throw new CheckpointError("holds numbers that are not finite", { file: file.path, tensor: name, remedy });
      }
      weights.set(name, { shape, data });
    }
    return { settings, adapter, weights };
  } finally {
    await file.close();
  }
}

/** The adapter of a folder, or the base's own lack of one. @throws {CheckpointError} */
export async function readChange(
  folder: string,
  base: ModelConfig,
  heads: readonly Head[] = ["language"],
): Promise<AdapterModel & Pick<ReadAdapter, "weights">> {
  return (await isAdapterFolder(folder)) ? readAdapter(folder, base, heads) : { weights: new Map() };
}

function targetsIn(file: AdapterWeights, base: ModelConfig): Adapter["targets"] {
  const changed = [...file.shapes.keys()].flatMap((name) => {
    return name.endsWith(LORA_A) ? [name.slice(0, -LORA_A.length).split(".").at(-1)] : [];
  });
  return denseLayers(base).filter((layer) => changed.includes(layer));
}

function fitting(
  file: AdapterWeights,
  wanted: ReturnType<typeof trainableParameters>,
): ReturnType<typeof selectWeights<{ readonly shape: readonly number[] }>> {
  try {
    return selectWeights(file.shapes, wanted);
  } catch (cause) {
    if (!(cause instanceof WeightsError)) throw cause;
    const remedy = wanted.has("score.weight")
      ? "give a reward model of this base"
      : "give the base that it was trained on";
    throw new CheckpointError(
      `does not go with the base model: ${cause.message}`,
      { file: file.path, remedy },
      { cause },
    );
  }
}

function foreign(file: AdapterWeights, tensor: string): CheckpointError {
  const remedy = "give an adapter whose targets are q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj or down_proj";
  return new CheckpointError("changes something that is not supported", { file: file.path, tensor, remedy });
}

/**
 * Checks that what was computed from weights can be stored.
 * @throws {CheckpointError} naming the first tensor with an overflow.
 */
export function checkFinite(folder: string, weights: Weights): void {
  for (const [tensor, { data }] of weights) {
    if (allFinite(data)) continue;
    const remedy = "lower the weights, or look for an adapter whose lora_alpha is out of all proportion";
    throw new CheckpointError("would hold numbers that are not finite", { file: folder, tensor, remedy });
  }
}

/** A model's adapter to be saved, with the tensors that were trained. */
export interface SavedAdapter {
  readonly adapter: Adapter;
  readonly weights: ReadonlyMap<string, HostTensor | FetchedTensor>;
  readonly format: PromptFormat;
  /** Folder of the checkpoint that it changes. */
  readonly base: string;
  readonly head: "language" | "score";
  /** Type of its numbers; f32 unless given, whatever the base has. */
  readonly saveAs?: SavedType;
}

/** Writes an adapter's folder, with tokenizer and chat template, that PEFT loads onto the base. */
export async function saveAdapter(
  folder: string,
  { adapter, weights, format, base, head, saveAs }: SavedAdapter,
): Promise<void> {
  const { tokenizer, settings } = format.tokenizer.files;
  const type = saveAs === undefined ? {} : { dtype: SAVED_TYPES[saveAs] };
  const tensors = new Map([...weights].map(([name, tensor]) => [name, { ...tensor, ...type }]));
  await writeAdapterFolder(folder, {
    ...adapter,
    ...{ ...baseSettings(base), head, tensors, tokenizer, tokenizerConfig: settings },
    ...(format.source && { chatTemplate: format.source.text }),
  });
  await carryMoreTemplates(base, folder);
}
