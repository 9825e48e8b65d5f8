import { basename, join } from "node:path";
import {
  type AdapterModel,
  type ModelConfig,
  isOfAdapter,
  adaptedLayers,
  changeProducts,
  mixAdapters,
} from "../models/index.ts";
import { LOW_RANK_REMEDY } from "../config/loraChecks.ts";
import { CheckpointError } from "../protocol/errors.ts";
import { type SoupSettings, readSoup, recipeOf, soupWeights } from "../soup/index.ts";
import { type Ingredients, type TensorWeights, SoupError } from "../soup/recipe.ts";
import { isAdapterFolder, readAdapterSettings } from "../storage/adapterFolders.ts";
import { firstDifference } from "../storage/json.ts";
import type { PromptFormat } from "../text/index.ts";
import { baseFolderOf, checkFinite, readChange, saveAdapter } from "./adapterFolder.ts";
import { type ChatChoice, type LoadChoice, loadFormat } from "./chatChoice.ts";
import { type SaveSlice, loadConfig } from "./modelFolder.ts";
import type { HeldOutEvaluator } from "./soupCheckpoints.ts";

/** Adapters to mix, the method, and the target folder. */
export interface SoupAdaptersRequest extends SaveSlice {
  /** Adapters' folders, in the order of the weights; the base itself counts as no change. */
  readonly of: readonly string[];
  /** Folder of the base; the one that the adapters' settings name unless given. */
  readonly base?: string | undefined;
  /** Becomes an adapter's folder, with the first adapter's tokenizer. */
  readonly folder: string;
  readonly settings: SoupSettings;
  /** A chat template in place of the adapters' own. */
  readonly template?: ChatChoice["template"];
  /** Given the base's config and what each model changes of it. */
  readonly evaluator?: (changes: AdapterChanges) => HeldOutEvaluator;
  readonly signal?: AbortSignal;
}

/** Models of one base, as their changes of it. */
export interface AdapterChanges {
  /** Of the base. */
  readonly config: ModelConfig;
  readonly models: readonly AdapterModel[];
}

/**
 * Mixes adapters of one base into another, which is exact and stays low-rank: see {@link mixAdapters}.
 *
 * @throws {CheckpointError} when they are not adapters of one base, with one tokenizer.
 * @throws {SoupError} when the settings do not go with them, or the method needs whole models.
 */
export async function soupAdapters(request: SoupAdaptersRequest): Promise<void> {
  const { of, folder, settings, evaluator, template, saveAs, signal } = request;
  const names = of.map((model) => basename(model));
  readSoup(settings, names); // before anything is read
  const { method } = settings;
  if (recipeOf(method).weighsWholeModels === true) {
    throw new SoupError(`${method} weighs whole models, and these are adapters; ${LOW_RANK_REMEDY}`);
  }
  const { base, head, first, config, models } = await readChanges(of, request.base);
  signal?.throwIfAborted();
  const weightsOf = await soupWeights(settings, {
    ...ingredientsOf({ config, models }),
    ...evaluator?.({ config, models }),
  });
  const { adapter, weights } = mixAdapters(config, models, weightsOf, keptOf({ config, models }, weightsOf));
  checkFinite(folder, weights);
  const format = await oneFormat(of, first, { template, base: { folder: base } });
  signal?.throwIfAborted();
  await saveAdapter(folder, { adapter, weights, format, base, head, ...(saveAs && { saveAs }) });
}

/** The base of all adapters, what they are adapters for, and the first of them. */
interface AdaptersBase {
  /** Its folder. */
  readonly base: string;
  readonly head: "language" | "score";
  /** Folder of the first adapter. */
  readonly first: string;
}

/** Models of one base, read. */
export type ReadChanges = AdapterChanges & AdaptersBase;

/** Reads what models change of one base, which may be `given`. @throws {CheckpointError} when they have no common one. */
export async function readChanges(of: readonly string[], given?: string): Promise<ReadChanges> {
  const found = await oneBase(of, given);
  const config = await loadConfig(found.base);
  const models: AdapterModel[] = [];
  for (const model of of) models.push(await readChange(model, config, [found.head]));
  return { ...found, config, models };
}

/** Dense layers that one of the models changes, by the names of their weights, and tensors that are no changes. */
export function mixedTensors({ config, models }: AdapterChanges): readonly string[] {
  const targets = [...new Set(models.flatMap(({ adapter }) => adapter?.targets ?? []))];
  const layers = adaptedLayers({ ...config, adapter: { rank: 1, alpha: 1, targets } });
  const heads = [...(models.find(({ adapter }) => adapter !== undefined)?.weights.keys() ?? [])].filter((name) => {
    return !isOfAdapter(name);
  });
  return [...layers.map(({ name }) => `${name}.weight`), ...heads];
}

/** Facts that soups are weighed by; inner products without forming a change. */
export function ingredientsOf(changes: AdapterChanges): Required<Pick<Ingredients, "products">> & Ingredients {
  const { models } = changes;
  return {
    nModels: models.length,
    tensors: mixedTensors(changes),
    products: (tensor, origin) => {
      if (origin === "zero") throw new SoupError(`a soup of adapters knows their changes alone; ${LOW_RANK_REMEDY}`);
      const products = changeProducts(models, tensor.replace(/\.weight$/, ""));
      return Promise.resolve(fromFirst(products));
    },
  };
}

/** Inner products of the deviations from the first model, from those of the deviations from the base. */
function fromFirst(products: readonly (readonly number[])[]): number[][] {
  const at = (i: number, j: number): number => products[i]?.[j] ?? 0;
  return products.map((row, i) => row.map((own, j) => own - at(i, 0) - at(0, j) + at(0, 0)));
}

/** Models that have a share of some tensor: the others would only take room. One at least, since no rank is 0. */
export function keptOf(changes: AdapterChanges, weightsOf: TensorWeights): readonly number[] {
  const { models } = changes;
  const tensors = mixedTensors(changes);
  const adapted = models.flatMap(({ adapter }, index) => (adapter === undefined ? [] : [index]));
  const kept = adapted.filter((index) => tensors.some((tensor) => weightsOf(tensor)[index] !== 0));
  return kept.length > 0 ? kept : adapted.slice(0, 1);
}

async function oneBase(of: readonly string[], given: string | undefined): Promise<AdaptersBase> {
  let found: AdaptersBase | undefined;
  for (const folder of of) {
    if (!(await isAdapterFolder(folder))) continue;
    const { head } = await readAdapterSettings(folder);
    const base = await baseFolderOf(folder, given);
    found ??= { base, head, first: folder };
    if (base !== found.base) {
      const remedy = "mix adapters of one base, or merge each (salsa merge) and mix what comes out";
      throw new CheckpointError(`changes ${base}, and ${found.first} changes ${found.base}`, { file: folder, remedy });
    }
    if (head === found.head) continue;
    const remedy = "mix adapters of one kind";
    throw new CheckpointError("one is of a reward model, the other of a language model", { file: folder, remedy });
  }
  if (found === undefined) {
    throw new CheckpointError("mix adapters: none is one", { file: of[0] ?? "", remedy: "give adapters' folders" });
  }
  // The base has no change, but a reward model's head it lacks.
  const other = await firstOther(of, found.head === "score" ? undefined : found.base);
  if (other === undefined) return found;
  const remedy = "mix adapters with adapters: merge them first (salsa merge), or name their base as one of the models";
  throw new CheckpointError(`is a whole model, and ${found.first} an adapter`, { file: other, remedy });
}

async function firstOther(of: readonly string[], base: string | undefined): Promise<string | undefined> {
  for (const folder of of) if (folder !== base && !(await isAdapterFolder(folder))) return folder;
  return undefined;
}

/** The first adapter's way to put prompts, once the tokenizers are found to be one. */
export async function oneFormat(of: readonly string[], first: string, choice: LoadChoice): Promise<PromptFormat> {
  const format = await loadFormat(first, choice);
  for (const folder of of) {
    const other = await loadFormat(folder, choice);
    const key = firstDifference(format.tokenizer.files.tokenizer, other.tokenizer.files.tokenizer);
    if (key === undefined) continue;
    const remedy = "the same token ids must mean the same words: use adapters with one tokenizer";
    const file = join(folder, "tokenizer.json");
    throw new CheckpointError(`differs from that of ${first} at ${key}`, { file, remedy });
  }
  return format;
}
