import { join } from "node:path";
import * as z from "zod";
import { numberOrNaN } from "./numberOrNaN.ts";
import { artifactFormat, checkedBy, readRecord } from "./records.ts";

/** File of a rung's verdict. */
export const HALVING_FILE = "halving.json";

const verdictSchema = z.object({
  /** Counted from 1. */
  rung: z.int().min(1),
  /** Iterations that every arm had been trained for. */
  iterations: z.int().min(1),
  /** Arms that came to the rung, the best first. */
  arms: z.array(z.object({ arm: z.string(), validationScore: numberOrNaN, goesOn: z.boolean() })),
});

/** Which arms go on from a rung, and by which scores. */
export type HalvingVerdict = Readonly<z.output<typeof verdictSchema>>;

/**
 * Reads a rung's verdict from the folder of its stage; undefined when there is none.
 * @throws {DataError} when the file does not fit.
 */
export async function readVerdict(folder: string): Promise<HalvingVerdict | undefined> {
  return readRecord(join(folder, HALVING_FILE), artifactFormat(folder, checkedBy(verdictSchema)));
}
