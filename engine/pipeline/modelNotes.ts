import { join } from "node:path";
import type { RunConfig } from "../config/index.ts";
import { loadFormat } from "./chatChoice.ts";
import { loadConfig } from "./modelFolder.ts";
import { describeReward } from "./rewarding.ts";

/**
 * A plan's remarks on a config's checkpoints, in sentences for people.
 * @throws {CheckpointError} when one of them cannot be used.
 */
export async function modelNotes(config: RunConfig): Promise<readonly string[]> {
  const reward = await describeReward(config);
  const vocabulary = await describeVocabulary(config);
  return [reward, vocabulary].filter((note) => note !== undefined);
}

/** A tokenizer may be larger than the embeddings, as long as no text uses what they lack. */
async function describeVocabulary({ model }: RunConfig): Promise<string | undefined> {
  if (!("checkpoint" in model)) return undefined;
  const { vocabularySize } = await loadConfig(model.checkpoint);
  const { tokenizer } = await loadFormat(model.checkpoint);
  const nTokens = tokenizer.vocabularySize;
  if (nTokens <= vocabularySize) return undefined;
  const first = `${JSON.stringify(tokenizer.tokenOf(vocabularySize) ?? "")} (id ${vocabularySize})`;
  const file = join(model.checkpoint, "tokenizer.json");
  return `${file} has ${nTokens} tokens and the embeddings ${vocabularySize} rows: no text may use ${first} or those after it; resize the embeddings if one has to`;
}
