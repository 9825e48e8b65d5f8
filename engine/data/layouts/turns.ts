import type { Message } from "../../protocol/conversation.ts";
import { dictionary, isRecord } from "../../protocol/dictionary.ts";
import type { Json, JsonObject } from "../../storage/json.ts";
import type { Row } from "../rows/row.ts";
import { valueOf, wrongType } from "./layout.ts";

/** Names of speakers in published data sets. */
const ROLES: Readonly<Record<string, Message["role"]>> = dictionary<Message["role"]>([
  ["system", "system"],
  ...["user", "human", "prompter"].map((name) => [name, "user"] as const),
  ...["assistant", "gpt", "chatgpt", "bing", "bard", "model"].map((name) => [name, "assistant"] as const),
]);

/**
 * The turns of a conversation in a column: `{role, content}` or `{from, value}` each, or two lists of equal length, as
 * older versions of the hub's library store them. Content may be a list of parts of which all are texts.
 * @throws {DataError} naming place and field.
 */
export function turnsOf(row: Row, field: string): readonly Message[] {
  const value = valueOf(row.fields, field);
  const list = Array.isArray(value) ? (value as readonly Json[]) : rowsOfColumns(value);
  if (list === undefined) throw wrongType(row, field, { wanted: "a list of {role, content}", value });
  return list.map((turn, index) => turnOf(row, `${field}[${index}]`, turn));
}

function turnOf(row: Row, field: string, value: Json): Message {
  if (!isRecord(value)) throw wrongType(row, field, { wanted: "an object {role, content}", value });
  const turn = value as JsonObject;
  const speaker = Object.hasOwn(turn, "role") ? "role" : "from";
  const name = valueOf(turn, speaker);
  const role = typeof name === "string" ? ROLES[name] : undefined;
  if (role === undefined) {
    throw wrongType(row, `${field}.${speaker}`, { wanted: "system, user or assistant", value: name });
  }
  const said = Object.hasOwn(turn, "content") ? "content" : "value";
  const content = contentOf(valueOf(turn, said) ?? "");
  if (content === undefined) throw wrongType(row, `${field}.${said}`, { wanted: "a text", value: valueOf(turn, said) });
  return { role, content };
}

/** A turn's text; undefined where it is something else, such as a picture. */
function contentOf(value: Json): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  const parts = (value as readonly Json[]).map((part) => (isRecord(part) ? valueOf(part as JsonObject, "text") : part));
  return parts.every((part) => typeof part === "string") ? parts.join("") : undefined;
}

/** `{role: [...], content: [...]}` as a list of objects; undefined for anything else. */
function rowsOfColumns(value: Json | undefined): readonly JsonObject[] | undefined {
  if (!isRecord(value)) return undefined;
  const columns = Object.entries(value as Record<string, Json>);
  const [, first] = columns[0] ?? [];
  if (!Array.isArray(first)) return undefined;
  const { length } = first as readonly Json[];
  if (!columns.every(([, list]) => Array.isArray(list) && list.length === length)) return undefined;
  return Array.from({ length }, (_, index) =>
    dictionary(columns.map(([name, list]) => [name, (list as readonly Json[])[index]] as const)),
  );
}

/** The turns before the last ones that are the assistant's: what is to be responded to. */
export function questionIn(turns: readonly Message[]): readonly Message[] {
  const last = turns.findLastIndex(({ role }) => role !== "assistant");
  return turns.slice(0, last + 1);
}
