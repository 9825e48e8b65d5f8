import { DataError } from "../protocol/errors.ts";
import { DigestSet, digestOf, promptText } from "./digests.ts";
import { recordOf } from "./layouts/index.ts";
import { REASONS } from "../protocol/dataCounts.ts";
import { type DataCounts, type Reason, Tally, reasonOf } from "./reasons.ts";
import type { AnyRecord, RecordKind } from "./records.ts";
import type { Row, RowPlace } from "./rows/row.ts";
import type { DataSource } from "./source.ts";

/** A record that is used, and where it comes from. */
export interface Selected {
  readonly record: AnyRecord;
  readonly place: RowPlace;
  /** True if its prompt is kept back from training. */
  readonly isValidation: boolean;
}

/** Checks a record by what only its caller knows, such as its tokens. */
export type Check = (record: AnyRecord, place: RowPlace) => Reason | undefined;

/** What is selected for, and who is told. */
export interface SelectSettings {
  readonly kind: RecordKind;
  readonly source: DataSource;
  readonly check?: Check | undefined;
}

/**
 * The records of a source that are used, one in memory at a time and 8 to 32 bytes for each that went before.
 *
 * All records with one prompt are on the same side of the split, whatever else there is, for a hash of the prompt decides.
 * It stops at the number of `examples` unless they are to be shuffled.
 *
 * @returns The counts, once all are read; `used` and `validation` are those before `examples` are taken of shuffled ones.
 * @throws {DataError} naming the place of a row that cannot be read, or that is refused.
 */
export async function* select(
  rows: AsyncIterable<Row>,
  { kind, source, check }: SelectSettings,
): AsyncGenerator<Selected, DataCounts> {
  const { skip, columns, unusable, validation } = source;
  const most = source.shuffle === undefined ? (source.examples ?? Infinity) : Infinity;
  const seen = new DigestSet();
  const tally = new Tally();
  const counts = { read: 0, used: 0, validation: 0 };
  let passed = 0;
  if (most > 0) {
    for await (const row of rows) {
      if (passed++ < skip) continue;
      const record = recordOf(row, kind, columns);
      counts.read += 1;
      const prompt = promptText(record);
      const isNew = seen.add(digestOf(kind === "prompts" ? prompt : JSON.stringify(record)));
      const reason = isNew ? (reasonOf(record) ?? check?.(record, row.place)) : "duplicate";
      if (reason !== undefined) {
        tally.add(reason);
        if (unusable === "refuse") throw refusal(row.place, reason);
        if (unusable === "drop") continue;
      }
      const isValidation = isKeptBack(prompt, validation);
      counts.used += 1;
      counts.validation += Number(isValidation);
      yield { record, place: row.place, isValidation };
      if (counts.used >= most) break;
    }
  }
  return { ...counts, unusable: tally.unusable };
}

/** True for that share of all prompts; the same ones in every file, whatever its length and order. */
export function isKeptBack(prompt: string, share: number): boolean {
  return share > 0 && Number(digestOf("split", prompt) >> 11n) / 2 ** 53 < share;
}

function refusal(place: RowPlace, reason: Reason): DataError {
  const remedy = 'mend it, or set "unusable": "drop" to leave such records out';
  return new DataError(`is one of those ${REASONS[reason]}`.replace("those duplicates", "the duplicates"), {
    ...place,
    remedy,
  });
}
