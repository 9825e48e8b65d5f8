import { CheckpointError } from "../../protocol/errors.ts";
import { isAdapterFolder } from "../../storage/adapterFolders.ts";
import { PromptFormat } from "../../text/index.ts";
import { loadFormat } from "../chatChoice.ts";
import { loadConfig } from "../modelFolder.ts";
import { readDifference } from "../rewarding.ts";
import type { Artifact } from "../stage.ts";

/** Models of PPO, which all read the policy's own tokens. */
interface PpoModels {
  readonly init: Artifact;
  readonly reference: Artifact;
  readonly reward: Artifact;
}

/**
 * Holds the models of a PPO training against each other: trainers give the policy's token ids to all of them, without a
 * look at their tokenizers (OpenRLHF #1149).
 * The policy's format is how prompts are put to it.
 *
 * @throws {CheckpointError} naming the first model that reads them otherwise.
 */
export async function checkAgreement(
  models: PpoModels,
  { policy, title }: { readonly policy: PromptFormat; readonly title: string },
): Promise<void> {
  const { init, reference, reward } = models;
  for (const [what, { folder }] of [
    ["policy", init],
    ["reference", reference],
    ["reward model", reward],
  ] as const) {
    if (!(await isAdapterFolder(folder))) continue;
    const remedy = "make a whole checkpoint of it with salsa merge";
    throw new CheckpointError(`the ${what} is an adapter, and ${title} loads whole models`, { file: folder, remedy });
  }
  const shape = await loadConfig(init.folder);
  const other = await loadConfig(reference.folder);
  if (other.vocabularySize !== shape.vocabularySize) {
    const sizes = `${other.vocabularySize} tokens, and the policy's ${shape.vocabularySize}`;
    const remedy = "take a reference of the policy's vocabulary, such as a soup of models with one base";
    throw new CheckpointError(`the reference's vocabulary has ${sizes}`, { file: reference.folder, remedy });
  }
  await loadConfig(reward.folder, ["score"]);
  for (const [what, { folder }] of [
    ["reference", reference],
    ["reward model", reward],
  ] as const) {
    const found = await loadFormat(folder);
    // A reference is put no prompts of its own.
    const format = what === "reference" ? new PromptFormat(found.tokenizer) : found;
    const difference = readDifference(policy, format);
    if (difference === undefined) continue;
    const remedy = "take models of one tokenizer and chat template, or let this engine train the arm";
    throw new CheckpointError(`the ${what} would read other tokens than the policy: ${difference}`, {
      file: folder,
      remedy,
    });
  }
}
