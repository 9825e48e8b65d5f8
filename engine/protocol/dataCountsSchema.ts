import * as z from "zod";
import { byName } from "../common/byName.ts";
import { LONGEST_NAME, LONGEST_TEXT } from "./limits.ts";

/** Reasons for which a record is of no use; more are left out of logs. */
const MOST_REASONS = 100;
/** Most sources of a run. */
export const MOST_SOURCES = 1000;

const count = z.number().min(0);

/** Names of folders of prepared records, below `data` of a root. */
export const PREPARED_NAME = /^(sft|preferences|prompts)-[0-9a-f]{16}$/;

/** A source of data with the counts of its records. */
export const plannedDataSchema = z.strictObject({
  /** A path, or the name of a data set on the hub. */
  from: z.string().max(LONGEST_TEXT),
  /** Purpose of its records: "sft", "preferences", "prompts". */
  kind: z.string().max(LONGEST_NAME),
  read: count,
  used: count,
  /** Of the used ones, those kept back from training. */
  validation: count,
  /** Those of no use, by reason: "duplicate", "emptyTurn". */
  unusable: byName(count, MOST_REASONS),
  /** Folder of the prepared records that a run uses, below `data` of its root. */
  prepared: z.string().regex(PREPARED_NAME).optional(),
});
