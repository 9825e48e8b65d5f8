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
  /** What there is to take, and is taken. */
  there: z.number().min(0),
  /** The source: a path, or the name of a data set on the hub. */
  from: z.string().max(LONGEST_TEXT),
});

export type Shortfall = z.output<typeof shortfallSchema>;

/** Both numbers in a sentence: "asks for 4,000, and pairs.jsonl has 95 for it: all of them are used". */
export function shortfallText({ asked, there, from }: Shortfall): string {
  const words = (n: number): string => n.toLocaleString("en-US");
  const taken = there === 0 ? "none are used" : there === 1 ? "that one is used" : "all of them are used";
  return `asks for ${words(asked)}, and ${from} has ${words(there)} for it: ${taken}`;
}

/** With the setting's name in front. */
export function shortfallLine(shortfall: Shortfall): string {
  return `${shortfall.path.join(".")} ${shortfallText(shortfall)}`;
}
