import { dirname, join } from "node:path";
import type { RunState } from "../../protocol/runState.ts";
import { isArtifactKey } from "../../storage/artifacts.ts";
import { type Choice, readChoice } from "../../storage/formats/choice.ts";

/** The β that an arm was given in one base seed, and every candidate's score on the validation split. */
export interface ArmChoice extends Choice {
  /** The arm. */
  readonly product: string;
  /** Absent in runs with one base seed. */
  readonly seed: number | undefined;
}

/**
 * The choices of β that a run has made, in the order of its stages; without those whose artifacts are gone.
 * @throws {DataError} when a choice was damaged.
 */
export async function readChoices(runFolder: string, { stages }: RunState): Promise<readonly ArmChoice[]> {
  const root = dirname(dirname(runFolder));
  const choices: ArmChoice[] = [];
  for (const { kind, key, product, seed } of stages) {
    if (kind !== "choice" || !isArtifactKey(key)) continue;
    const choice = await readChoice(join(root, "artifacts", key));
    if (choice !== undefined) choices.push({ ...choice, product, seed });
  }
  return choices;
}
