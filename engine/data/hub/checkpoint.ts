import { CHAT_TEMPLATE_FILE, OTHER_TOKENIZER_FILES } from "../../storage/checkpoints.ts";
import { isMoreTemplate } from "../../storage/moreTemplates.ts";
import { INDEX_FILE, WEIGHTS_FILE } from "../../storage/shards.ts";
import type { Picked } from "../rows/pick.ts";
import { type HubSettings, hubSnapshot } from "./files.ts";
import { hubReference } from "./reference.ts";

/** A checkpoint from the hub. */
export interface HubCheckpoint {
  /** A Hugging Face folder in the cache. */
  readonly folder: string;
  /** `hf:owner/name@commit`: the same files wherever and whenever it is read. */
  readonly pinned: string;
}

/** Files of settings and tokenizer; of weights see {@link pickCheckpoint}. */
const SETTINGS_FILES: readonly string[] = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  CHAT_TEMPLATE_FILE,
  ...OTHER_TOKENIZER_FILES,
];
const SHARD = /^model-\d{5}-of-\d{5}\.safetensors$/;

/**
 * The checkpoint of a model on the hub, `hf:owner/name@revision`, in the cache: downloaded if it is not there.
 *
 * @throws {DataError} with the remedy, like hubFiles, and where a repository holds no checkpoint.
 * @throws {DiskError}
 */
export async function hubCheckpoint(from: string, settings: HubSettings = {}): Promise<HubCheckpoint> {
  const reference = hubReference(from, "model");
  const { commit, folder } = await hubSnapshot(reference, pickCheckpoint, settings);
  return { folder, pinned: `hf:${reference.name}@${commit}` };
}

/**
 * Of a repository's files those that a checkpoint consists of, the small ones first: repositories hold the same weights
 * in several formats, of which this engine reads one.
 */
export function pickCheckpoint(paths: readonly string[]): Picked {
  const settings = [...SETTINGS_FILES.filter((name) => paths.includes(name)), ...paths.filter(isMoreTemplate).sort()];
  if (!settings.includes("config.json")) {
    return { what: "holds no checkpoint: no config.json", remedy: "name a model in transformers' format" };
  }
  // The same choice as when weights are opened.
  if (paths.includes(WEIGHTS_FILE)) return { names: [...settings, WEIGHTS_FILE] };
  const shards = paths.filter((path) => SHARD.test(path)).sort();
  if (paths.includes(INDEX_FILE) && shards.length > 0) return { names: [...settings, INDEX_FILE, ...shards] };
  const remedy = "name one with safetensors weights (pickled .bin and .pt files are not loaded)";
  return { what: `holds no ${WEIGHTS_FILE} and no ${INDEX_FILE}`, remedy };
}
