import * as path from "node:path";
import { type SoupSettings, readSoup, soupWeights } from "../soup/index.ts";
import type { Ingredients } from "../soup/recipe.ts";
import { compareCheckpoints } from "../storage/compareCheckpoints.ts";
import {
  type Checkpoint,
  CHAT_TEMPLATE_FILE,
  OTHER_TOKENIZER_FILES,
  readCheckpoint,
  WEIGHTS_METADATA,
  writeCheckpointFiles,
} from "../storage/checkpoints.ts";
import { atomicWrite } from "../storage/disk.ts";
import { isStoredType } from "../storage/elementTypes.ts";
import { innerProducts } from "../storage/innerProducts.ts";
import { readInput } from "../storage/inputs.ts";
import { type MixOptions, mixWeights } from "../storage/mixWeights.ts";
import { WEIGHTS_FILE } from "../storage/shards.ts";

/** How a soup is measured on held-out data, for the recipes that need it. */
export type HeldOutEvaluator = Pick<Ingredients, "score" | "lossAndGradient">;

/** Checkpoints to mix, the method, and the target folder. */
export interface SoupCheckpointsRequest extends Pick<MixOptions, "signal" | "onProgress"> {
  /** Hugging Face folders, in the order of the weights. */
  readonly of: readonly string[];
  /** Becomes a Hugging Face folder, with the first one's settings and tokenizer. */
  readonly folder: string;
  readonly settings: SoupSettings;
  /** A chat template in place of the checkpoints' own. */
  readonly template?: string | undefined;
  /** Given the open checkpoints, whose tensors it may read. */
  readonly evaluator?: (checkpoints: readonly Checkpoint[]) => HeldOutEvaluator;
}

/**
 * Mixes checkpoints on disk into a new one, piece by piece: memory does not grow with the models.
 *
 * Weights are accumulated in f32 and stored in the type that the checkpoints have.
 * @throws {CheckpointError} when the checkpoints do not go together, naming the first difference.
 * @throws {SoupError} when the settings do not go with them.
 */
export async function soupCheckpoints(request: SoupCheckpointsRequest): Promise<void> {
  const { of, folder, settings, evaluator } = request;
  readSoup(
    settings,
    of.map((model) => path.basename(model)),
  ); // before gigabytes are read
  const checkpoints = await openAll(of);
  try {
    await compareCheckpoints(checkpoints);
    const [first] = checkpoints;
    if (first === undefined) return;
    const weightsOf = await soupWeights(settings, { ...ingredientsOf(checkpoints), ...evaluator?.(checkpoints) });
    await writeCheckpointFiles(folder, first);
    await copyTokenizerFiles(first.folder, folder);
    await copyChatTemplate(request);
    const models = checkpoints.map(({ weights }) => weights);
    const metadata = { ...Object.fromEntries(first.weights.metadata), ...WEIGHTS_METADATA };
    await mixWeights(path.join(folder, WEIGHTS_FILE), models, weightsOf, { ...request, metadata });
  } finally {
    await Promise.all(checkpoints.map(({ weights }) => weights.close()));
  }
}

async function openAll(folders: readonly string[]): Promise<readonly Checkpoint[]> {
  const open: Checkpoint[] = [];
  try {
    for (const folder of folders) open.push(await readCheckpoint(folder));
    return open;
  } catch (error) {
    await Promise.all(open.map(({ weights }) => weights.close()));
    throw error;
  }
}

function ingredientsOf(checkpoints: readonly Checkpoint[]): Ingredients {
  const models = checkpoints.map(({ weights }) => weights);
  const tensors = [...(models[0]?.tensors ?? [])].filter(([, { dtype }]) => isStoredType(dtype)).map(([name]) => name);
  return {
    nModels: models.length,
    tensors,
    products: (tensor, origin) => innerProducts(models, tensor, origin),
  };
}

async function copyTokenizerFiles(from: string, to: string): Promise<void> {
  for (const name of OTHER_TOKENIZER_FILES) {
    const content = await readInput(path.join(from, name));
    if (content !== undefined) await atomicWrite(path.join(to, name), content);
  }
}

/** The chat template of the first checkpoint that has one in a file: a base may lack what its SFTs were given. */
async function copyChatTemplate({ of, folder, template }: SoupCheckpointsRequest): Promise<void> {
  const files = [...(template === undefined ? [] : [template]), ...of.map((one) => path.join(one, CHAT_TEMPLATE_FILE))];
  for (const file of files) {
    const content = await readInput(file);
    if (content !== undefined) return atomicWrite(path.join(folder, CHAT_TEMPLATE_FILE), content);
  }
}
