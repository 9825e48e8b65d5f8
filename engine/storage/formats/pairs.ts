import { join } from "node:path";
import * as z from "zod";
import { artifactFormat, checkedBy, readRecords } from "./records.ts";

/** File of the pairs that a task has labelled, in the folder of the stage that sampled them. */
export const PAIRS_FILE = "pairs.jsonl";

/** A line of pairs.jsonl; `…Ended` says whether the response closed with end-of-text. */
export const labelledPairSchema = z.object({
  prompt: z.string(),
  chosen: z.string(),
  chosenEnded: z.boolean(),
  rejected: z.string(),
  rejectedEnded: z.boolean(),
});

/** A labelled pair of responses. */
export type LabelledPair = Readonly<z.output<typeof labelledPairSchema>>;

/**
 * Reads the pairs of a stage, in their order.
 * @throws {DataError} naming the line that does not fit, or when the file has been removed.
 */
export async function readPairs(folder: string): Promise<readonly LabelledPair[]> {
  return readRecords(join(folder, PAIRS_FILE), artifactFormat(folder, checkedBy(labelledPairSchema)));
}
