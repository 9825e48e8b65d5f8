import { dictionary } from "../common/dictionary.ts";
import { type PlannedData, type Reason, REASONS } from "../protocol/dataCounts.ts";
import type { Question } from "../protocol/conversation.ts";
import type { AnyRecord } from "./records.ts";
import type { DataSource } from "./source.ts";

/** How many records of a source there are, and how many of no use by reason. */
export type DataCounts = Readonly<Pick<PlannedData, "read" | "used" | "validation" | "unusable">>;

/** Why a record is of no use by itself; undefined where it is fit. Whether it is a duplicate, and its tokens, others know. */
export function reasonOf(record: AnyRecord): Reason | undefined {
  if ("messages" in record) {
    if (record.messages.at(-1)?.role !== "assistant") return "noResponse";
    return hasEmptyTurn(record.messages) ? "emptyTurn" : undefined;
  }
  if (hasEmptyTurn(record.prompt)) return "emptyTurn";
  if ("response" in record) return isEmpty(record.response) ? "emptyTurn" : undefined;
  if (!("chosen" in record)) return undefined;
  if (isEmpty(record.chosen) || isEmpty(record.rejected)) return "emptyTurn";
  return record.chosen === record.rejected ? "sameAnswers" : undefined;
}

function hasEmptyTurn(question: Question): boolean {
  if (typeof question === "string") return isEmpty(question);
  // Data sets have an empty system prompt where there is none.
  return question.length === 0 || question.some(({ role, content }) => role !== "system" && isEmpty(content));
}

function isEmpty(text: string): boolean {
  return text.trim() === "";
}

/** Defect of a record, found by those who know how a model sees it. */
export interface Finding {
  readonly reason: Reason;
  /** In words, with the lengths: "its prompt takes 131 tokens, …". */
  readonly what: string;
  readonly remedy: string;
}

/** Of which a training could make nothing. */
const USELESS: readonly Reason[] = [
  "sameAnswers",
  "noResponse",
  "noTokens",
  "overlongPrompt",
  "noResponseToken",
  "unknownTokens",
];
/** Those that would end a training in the middle, even where keeping them is asked for. */
const IMPOSSIBLE: readonly Reason[] = ["noResponse", "noTokens", "overlongPrompt", "noResponseToken"];

/** True if a record of no use is an error, rather than counted. */
export function isRefused(unusable: DataSource["unusable"], reason: Reason): boolean {
  switch (unusable) {
    case "refuse":
      return true;
    case "drop":
      return false;
    case "keep":
      return IMPOSSIBLE.includes(reason);
    case "refuseUseless":
      return USELESS.includes(reason);
  }
}

/** Counts by reason. */
export class ReasonCounts {
  private readonly counts = dictionary<number>();

  add(reason: Reason): void {
    this.counts[reason] = (this.counts[reason] ?? 0) + 1;
  }

  /** In the order of the reasons. */
  get unusable(): DataCounts["unusable"] {
    return Object.fromEntries(
      Object.keys(REASONS).flatMap((reason) => {
        const n = this.counts[reason];
        return n === undefined ? [] : [[reason, n] as const];
      }),
    );
  }
}
