import * as z from "zod";
import { LONGEST_NAME, LONGEST_TEXT } from "./limits.ts";

/** A setting that asks for more records than its source has. */
export const shortfallSchema = z.strictObject({
  /** Of the setting: "reward.pairs". */
  path: z
    .array(z.union([z.string().max(LONGEST_NAME), z.int()]))
    .max(10)
    .readonly(),
  asked: z.number().min(0),
  /** Records that there are, and so are taken. */
  there: z.number().min(0),
  /** The source: a path, or the name of a data set on the hub. */
  from: z.string().max(LONGEST_TEXT),
});
