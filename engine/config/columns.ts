/** Columns that may be named otherwise, by what they hold. */
export const COLUMNS = [
  "prompt",
  "response",
  "messages",
  "chosen",
  "rejected",
  "margin",
  "category",
  "reference",
] as const;

/** A column that a layout has. */
export type ColumnName = (typeof COLUMNS)[number];

/** Columns that each kind of record is read from; those that are always needed, or one way of two, first. */
export const COLUMNS_OF: Readonly<Record<"sft" | "preferences" | "prompts", readonly ColumnName[]>> = {
  sft: ["prompt", "response", "messages"],
  preferences: ["prompt", "chosen", "rejected", "margin"],
  prompts: ["prompt", "messages", "category", "reference"],
};
