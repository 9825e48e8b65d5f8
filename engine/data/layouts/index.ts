import { dictionary, isRecord } from "../../common/dictionary.ts";
import { DataError } from "../../protocol/errors.ts";
import type { Json, JsonObject } from "../../storage/json.ts";
import type { RecordKind, RecordsByKind } from "../records.ts";
import type { Row } from "../rows/row.ts";
import { alpaca } from "./alpaca.ts";
import type { Layout } from "./layout.ts";
import { messages } from "./messages.ts";
import { pairs } from "./pairs.ts";
import { promptResponse } from "./promptResponse.ts";
import { questions } from "./questions.ts";
import { shareGpt } from "./shareGpt.ts";
import { transcripts } from "./transcripts.ts";

/**
 * Every layout that is recognised; of several that fit, the first that can be used for what is asked. Add yours here;
 * docs and contract test follow.
 */
export const LAYOUTS: readonly Layout[] = [messages, transcripts, pairs, shareGpt, promptResponse, alpaca, questions];

/** Columns for prompts, where a data set has a text beside its conversations: the text is the first turn alone. */
const PROMPTS_FIRST: readonly Layout[] = [promptResponse, ...LAYOUTS];

/** Columns by the names that layouts have for them. */
export type ColumnMap = Readonly<Record<string, string>>;

/** Names of the fields of each kind, for remedies. */
const FIELDS: Readonly<Record<RecordKind, string>> = {
  sft: '{"prompt": "…", "response": "…"} or {"messages": "…"}',
  preferences: '{"prompt": "…", "chosen": "…", "rejected": "…"}',
  prompts: '{"prompt": "…"}',
};

/**
 * The record that a row holds, by its layout or by a map of columns.
 * @throws {DataError} naming place, field and remedy.
 */
export function recordOf<K extends RecordKind>(row: Row, kind: K, columns?: ColumnMap): RecordsByKind[K] {
  const mapped = columns === undefined ? row : { ...row, fields: mappedFields(row, columns) };
  const order = kind === "prompts" ? PROMPTS_FIRST : LAYOUTS;
  const layout = order.find((one) => one[kind] !== undefined && one.fits(mapped.fields));
  const read = layout?.[kind] as ((row: Row) => RecordsByKind[K]) | undefined;
  if (read !== undefined) return read(mapped);
  const known = Object.keys(row.fields).slice(0, 20).join(", ");
  const remedy = `say which columns are which: "columns": ${FIELDS[kind]}; there are: ${known === "" ? "none" : known}`;
  throw new DataError(`its columns are in no layout that is known for ${kind}`, { ...row.place, remedy });
}

function mappedFields({ place, fields }: Row, columns: ColumnMap): JsonObject {
  return dictionary(
    Object.entries(columns).map(([name, column]) => {
      const value = inner(fields, column);
      if (value !== undefined) return [name, value] as const;
      const known = Object.keys(fields).slice(0, 20).join(", ");
      const remedy = `correct columns.${name}; there are: ${known}`;
      throw new DataError(`no column ${JSON.stringify(column)}`, { ...place, remedy });
    }),
  );
}

/** The value of a column; `a.b` is b within a where there is no column of that name. */
function inner(fields: JsonObject, column: string): Json | undefined {
  if (Object.hasOwn(fields, column)) return fields[column];
  const [head = "", ...rest] = column.split(".");
  const value = Object.hasOwn(fields, head) ? fields[head] : undefined;
  return rest.length > 0 && isRecord(value) ? inner(value, rest.join(".")) : undefined;
}
