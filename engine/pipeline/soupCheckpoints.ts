import * as path from "node:path";
import { type SoupSettings, readSoup, soupWeights } from "../soup/index.ts";
import type { Ingredients } from "../soup/recipe.ts";
import {
  type Checkpoint,
  CHAT_TEMPLATE_FILE,
  carryCheckpoint,
  mainType,
  readCheckpoint,
  WEIGHTS_METADATA,
} from "../storage/checkpoints.ts";
import { atomicWrite, makeFolder } from "../storage/disk.ts";
import { isFloatType, type StoredType } from "../storage/elementTypes.ts";
import { innerProducts } from "../storage/innerProducts.ts";
import { readInput } from "../storage/inputs.ts";
import { type MixOptions, mixturePlan, mixWeights } from "../storage/mixWeights.ts";
import { WEIGHTS_FILE } from "../storage/shards.ts";
import { createWeights } from "../storage/weightsWriter.ts";
import { discard } from "../storage/writing.ts";
import { compareCheckpoints } from "./compareCheckpoints.ts";

/** How a soup is measured on held-out data, for the recipes that need it. */
export type HeldOutEvaluator = Pick<Ingredients, "score" | "lossAndGradient">;

/** Checkpoints to mix, the method, and the target folder. */
export interface SoupCheckpointsRequest extends Pick<MixOptions, "signal" | "onProgress"> {
  /** Hugging Face folders, in the order of the weights. */
  readonly of: readonly string[];
  /** Becomes a Hugging Face folder, with the first one's settings and tokenizer. */
  readonly folder: string;
  readonly settings: SoupSettings;
  /** The type that the result is stored in; else the checkpoints' own, and f32 where these differ. */
  readonly saveAs?: StoredType | undefined;
  /** A chat template in place of the checkpoints' own. */
  readonly template?: string | undefined;
  /** Given the open checkpoints, whose tensors it may read, and the names of those that are mixed. */
  readonly evaluator?: (checkpoints: readonly Checkpoint[], tensors: readonly string[]) => HeldOutEvaluator;
}

/**
 * Mixes checkpoints on disk into a new one, piece by piece: memory does not grow with the models.
 *
 * Weights are accumulated in f32 and rounded once. The weights come first: if they fail, the folder is as it was.
 * @throws {CheckpointError} when the checkpoints do not go together, naming the first difference, or when the result would
 * not be finite, naming the tensor.
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
    const mixed = await compareCheckpoints(checkpoints);
    const [first] = checkpoints;
    if (first === undefined) return;
    const models = checkpoints.map(({ weights }) => weights);
    const plan = mixturePlan(models, { saveAs: request.saveAs, isMixed: (name) => mixed.has(name) });
    const floats = [...plan].filter(([, { dtype }]) => isFloatType(dtype)).map(([name]) => name);
    const ingredients: Ingredients = {
      nModels: models.length,
      tensors: floats,
      products: (tensor, origin) => innerProducts(models, tensor, origin),
    };
    const weightsOf = await soupWeights(settings, { ...ingredients, ...evaluator?.(checkpoints, floats) });
    const metadata = { ...Object.fromEntries(first.weights.metadata), ...WEIGHTS_METADATA };
    await makeFolder(folder);
    await mixWeights(path.join(folder, WEIGHTS_FILE), models, weightsOf, {
      ...request,
      plan,
      create: (tensors) => createWeights(folder, tensors, { metadata }),
    });
    await carryCheckpoint(first.folder, folder, mainType(plan.values()));
    await carryChatTemplate(request);
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

/** The chat template of the first checkpoint that has one in a file: a base may lack what its SFTs were given. */
async function carryChatTemplate({ of, folder, template }: SoupCheckpointsRequest): Promise<void> {
  const files = [...(template === undefined ? [] : [template]), ...of.map((one) => path.join(one, CHAT_TEMPLATE_FILE))];
  for (const file of files) {
    const content = await readInput(file);
    if (content !== undefined) return atomicWrite(path.join(folder, CHAT_TEMPLATE_FILE), content);
  }
  await discard(path.join(folder, CHAT_TEMPLATE_FILE));
}
