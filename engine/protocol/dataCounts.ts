import type * as z from "zod";
import type { plannedDataSchema } from "./dataCountsSchema.ts";

export type PlannedData = z.output<typeof plannedDataSchema>;

/** Why a record is of no use, and how it is said of several. */
export const REASONS = {
  duplicate: "duplicates",
  emptyTurn: "with an empty turn",
  sameAnswers: "whose chosen and rejected response are the same",
  noResponse: "without a response at the end",
  noTokens: "whose prompt has no tokens",
  overlongPrompt: "with a prompt that is too long",
  noResponseToken: "without a response token, once cut",
  unknownTokens: "most of whose tokens the tokenizer does not know",
} as const;

export type Reason = keyof typeof REASONS;

type Counts = Readonly<Pick<PlannedData, "read" | "used" | "validation" | "unusable">>;

/** Counts in words: "61,135 read, 60,914 used (3,045 for validation); 221 duplicates". */
export function countsText({ read, used, validation, unusable }: Counts): string {
  const words = (n: number): string => n.toLocaleString("en-US");
  const kept = validation === 0 ? "" : ` (${words(validation)} for validation)`;
  const reasons = Object.entries(unusable).map(([reason, n]) => `${words(n)} ${reasonWords(reason)}`);
  return [`${words(read)} read, ${words(used)} used${kept}`, ...reasons].join("; ");
}

function reasonWords(reason: string): string {
  return Object.hasOwn(REASONS, reason) ? REASONS[reason as keyof typeof REASONS] : reason;
}
