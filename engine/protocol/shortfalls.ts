import type * as z from "zod";
import type { shortfallSchema } from "./shortfallsSchema.ts";

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
