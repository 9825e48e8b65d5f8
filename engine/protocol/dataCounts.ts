import * as z from "zod";
import { byName } from "./byName.ts";
import { LONGEST_NAME, LONGEST_TEXT } from "./limits.ts";

/** Reasons for which a record is of no use; more are left out of logs. */
const MOST_REASONS = 100;
/** Most sources of a run. */
export const MOST_SOURCES = 1000;

const count = z.number().min(0);

/** A source of data with the counts of its records. */
export const plannedDataSchema = z.strictObject({
  /** A path, or the name of a data set on the hub. */
  from: z.string().max(LONGEST_TEXT),
  /** What its records are for: "sft", "preferences", "prompts". */
  kind: z.string().max(LONGEST_NAME),
  read: count,
  used: count,
  /** Of the used ones, those kept back from training. */
  validation: count,
  /** Those of no use, by reason: "duplicate", "emptyTurn". */
  unusable: byName(count, MOST_REASONS),
});

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
