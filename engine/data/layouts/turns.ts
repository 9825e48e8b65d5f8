import type { Message } from "../../protocol/conversation.ts";
import { dictionary, isRecord } from "../../common/dictionary.ts";
import { DataError } from "../../protocol/errors.ts";
import type { Json, JsonObject } from "../../storage/json.ts";
import { NO_TOOLS, contentText, toolPart } from "../../storage/turns.ts";
import type { Row } from "../rows/row.ts";
import { valueOf, wrongType } from "./layout.ts";

/** Names of speakers in published data sets. */
const ROLES: Readonly<Record<string, Message["role"]>> = dictionary<Message["role"]>([
  ["system", "system"],
  ["developer", "developer"],
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
  const tool = toolPart(speaker === "role" ? turn : dictionary([...Object.entries(turn), ["role", name ?? null]]));
  if (tool !== undefined) {
    const what = `field ${field}.${tool.field === "role" ? speaker : tool.field} ${tool.what}: ${NO_TOOLS.what}`;
    throw new DataError(what, { ...row.place, remedy: NO_TOOLS.remedy });
  }
  if (role === undefined) {
    throw wrongType(row, `${field}.${speaker}`, { wanted: "system, developer, user or assistant", value: name });
  }
  const said = Object.hasOwn(turn, "content") ? "content" : "value";
  const content = contentText(valueOf(turn, said) ?? "");
  if (content === undefined) throw wrongType(row, `${field}.${said}`, { wanted: "a text", value: valueOf(turn, said) });
  return { role, content };
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
