import { DataError } from "../protocol/errors.ts";
import { DigestSet, digestOf, promptText } from "./digests.ts";
import { recordOf } from "./layouts/index.ts";
import { type Reason, REASONS } from "../protocol/dataCounts.ts";
import { type DataCounts, type Finding, ReasonCounts, isRefused, reasonOf } from "./reasons.ts";
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

/**
 * Checks a record by what only its caller knows, such as its tokens.
 * @throws {DataError} where no setting could leave it out.
 */
export type Check = (record: AnyRecord, place: RowPlace) => Finding | undefined;

/** Purpose of a selection, and who hears of it. */
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
  const tally = new ReasonCounts();
  const counts = { read: 0, used: 0, validation: 0 };
  let passed = 0;
  if (most > 0) {
    for await (const row of rows) {
      if (passed++ < skip) continue;
      const record = recordOf(row, kind, columns);
      counts.read += 1;
      const prompt = promptText(record);
      const own = ownReason(record, { kind, seen });
      if (own !== undefined) {
        tally.add(own);
        if (isRefused(unusable, own)) throw refusal(row.place, own, unusable);
        if (unusable === "drop") continue;
      }
      const found = check?.(record, row.place);
      if (found !== undefined) {
        if (own === undefined) tally.add(found.reason);
        if (isRefused(unusable, found.reason)) throw findingError(found, row.place, unusable);
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

/** Why a record is of no use by itself, or for those of its kind that have been seen before. */
export function ownReason(
  record: AnyRecord,
  { kind, seen }: { readonly kind: RecordKind; readonly seen: DigestSet },
): Reason | undefined {
  const isNew = seen.add(digestOf(kind === "prompts" ? promptText(record) : JSON.stringify(record)));
  return isNew ? reasonOf(record) : "duplicate";
}

/** True for that share of all prompts; the same ones in every file, whatever its length and order. */
export function isKeptBack(prompt: string, share: number): boolean {
  return share > 0 && Number(digestOf("split", prompt) >> 11n) / 2 ** 53 < share;
}

/** The error for a record that is not left out. */
export function findingError(
  { what, remedy }: Omit<Finding, "reason">,
  place: RowPlace,
  unusable: DataSource["unusable"],
): DataError {
  return new DataError(what, { ...place, remedy: `${remedy}, or ${wayOut(unusable)}` });
}

/** How such records are left out: by a setting of the source, or by making a source of a path. */
function wayOut(unusable: DataSource["unusable"]): string {
  const setting = '"unusable": "drop"';
  return unusable === "refuseUseless"
    ? `write {"from": …, ${setting}} in place of the path to leave such records out`
    : `set ${setting} to leave such records out`;
}

function refusal(place: RowPlace, reason: Reason, unusable: DataSource["unusable"]): DataError {
  const remedy = `mend it, or ${wayOut(unusable)}`;
  return new DataError(`is one of those ${REASONS[reason]}`.replace("those duplicates", "the duplicates"), {
    ...place,
    remedy,
  });
}
