import { join } from "node:path";
import * as z from "zod";
import { numberOrNaN } from "./numberOrNaN.ts";
import { artifactFormat, checkedBy, readRecord } from "./records.ts";

/** File of a choice among candidates, beside the checkpoint that was chosen. */
export const CHOICE_FILE = "choice.json";

/** The content of choice.json. */
export const choiceSchema = z.object({
  /** β of the candidate that was chosen. */
  chosen: z.number(),
  candidates: z.array(z.object({ beta: z.number(), validationScore: numberOrNaN })),
});

/** Which candidate was chosen, and by which scores. */
export type Choice = Readonly<z.output<typeof choiceSchema>>;

/**
 * Reads a choice from the folder of its stage; undefined when there is none.
 * @throws {DataError} when the file does not fit.
 */
export async function readChoice(folder: string): Promise<Choice | undefined> {
  return readRecord(join(folder, CHOICE_FILE), artifactFormat(folder, checkedBy(choiceSchema)));
}
