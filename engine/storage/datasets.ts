import type { Message } from "../protocol/conversation.ts";
import { DataError } from "../protocol/errors.ts";
import { type JsonError, excerpt as shortJson, parseJson } from "../protocol/json.ts";
import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import { readLines } from "./lines.ts";

/** A record of a data file, and where it stands. */
export interface JsonRecord {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly fields: JsonObject;
}

/** An example for SFT: a prompt and the response to learn, or a conversation that ends with one. */
export type SftExample =
  { readonly prompt: string; readonly response: string } | { readonly messages: readonly Message[] };

/** Two responses to a prompt, the first preferred. */
export interface Preference {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
  /** By how much the first is better, in reward units. */
  readonly margin?: number;
}

/** A prompt to respond to, with facts that a benchmark may give for judges. */
export interface Prompt {
  readonly prompt: string;
  readonly category?: string;
  /** A response that is known to be right. */
  readonly reference?: string;
}

const ROLES: readonly unknown[] = ["system", "user", "assistant"] satisfies Message["role"][];

/**
 * The records of a JSON Lines file, one in memory at a time; blank lines are passed over.
 * @throws {DataError} naming file and line when one is not a JSON object, or when there are none.
 */
export async function* readJsonl(file: string): AsyncGenerator<JsonRecord, undefined> {
  let isEmpty = true;
  for await (const { line, text } of readLines(file)) {
    isEmpty = false;
    yield { file, line, fields: parseRecord(file, line, text) };
  }
  if (isEmpty) throw new DataError("read data: no records", { file, remedy: "put one JSON object on each line" });
}

function parseRecord(file: string, line: number, text: string): JsonObject {
  let json: Json;
  try {
    json = parseJson(text) as Json;
  } catch (cause) {
    const remedy = "put one whole JSON object on each line";
    throw new DataError(
      `read data: ${(cause as JsonError).message}: ${excerpt(text)}`,
      { file, line, remedy },
      { cause },
    );
  }
  if (isJsonObject(json)) return json;
  throw new DataError(`read data: ${kindOf(json)} where an object is needed`, { file, line, remedy: "write {…}" });
}

/**
 * Examples for SFT: `{prompt, response}` or `{messages}` per line.
 * @throws {DataError} naming file, line and field.
 */
export async function* readSft(file: string): AsyncGenerator<SftExample, undefined> {
  for await (const record of readJsonl(file)) {
    if (record.fields["messages"] !== undefined) yield { messages: conversation(record) };
    else yield { prompt: text(record, "prompt"), response: text(record, "response") };
  }
}

/**
 * Pairs for reward models: `{prompt, chosen, rejected, margin?}` per line.
 * @throws {DataError} naming file, line and field.
 */
export async function* readPreferences(file: string): AsyncGenerator<Preference, undefined> {
  for await (const record of readJsonl(file)) {
    const pair = { prompt: text(record, "prompt"), chosen: text(record, "chosen"), rejected: text(record, "rejected") };
    const { margin } = record.fields;
    if (margin === undefined || margin === null) yield pair;
    else if (typeof margin === "number") yield { ...pair, margin };
    else throw wrongType(record, "margin", "a number", margin);
  }
}

/**
 * Prompts: `{prompt, category?, reference?}` per line, the latter two where they are texts; other fields are left alone.
 * @throws {DataError} naming file, line and field.
 */
export async function* readPrompts(file: string): AsyncGenerator<Prompt, undefined> {
  for await (const record of readJsonl(file)) {
    const { category, reference } = record.fields;
    yield {
      prompt: text(record, "prompt"),
      ...(typeof category === "string" && { category }),
      ...(typeof reference === "string" && { reference }),
    };
  }
}

function text(record: JsonRecord, field: string): string {
  const value = record.fields[field];
  if (typeof value !== "string") throw wrongType(record, field, "a string", value);
  return value;
}

function conversation(record: JsonRecord): readonly Message[] {
  const value = record.fields["messages"];
  if (!Array.isArray(value)) throw wrongType(record, "messages", "a list", value);
  const messages = (value as readonly Json[]).map((item, index) => message(record, `messages[${index}]`, item));
  if (messages[messages.length - 1]?.role === "assistant") return messages;
  const remedy = "end every conversation with the response to learn";
  throw new DataError("messages does not end with an assistant's turn", { ...placeOf(record), remedy });
}

function message(record: JsonRecord, field: string, value: Json): Message {
  if (!isJsonObject(value)) throw wrongType(record, field, "an object", value);
  const { role, content } = value as Record<string, Json | undefined>;
  if (!ROLES.includes(role)) throw wrongType(record, `${field}.role`, "system, user or assistant", role);
  if (typeof content !== "string") throw wrongType(record, `${field}.content`, "a string", content);
  return { role: role as Message["role"], content };
}

function wrongType(record: JsonRecord, field: string, wanted: string, value: Json | undefined): DataError {
  const place = placeOf(record);
  if (value !== undefined) {
    return new DataError(`field ${field} is ${kindOf(value)}`, { ...place, remedy: `make it ${wanted}` });
  }
  const known = Object.keys(record.fields).join(", ");
  return new DataError(`no field ${field}`, { ...place, remedy: `add it, ${wanted}; the line has: ${excerpt(known)}` });
}

function placeOf({ file, line }: JsonRecord): { readonly file: string; readonly line: number } {
  return { file, line };
}

function kindOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `the ${typeof value} ${shortJson(value, 40)}`;
}

/** Enough of a text to recognise it in a message. */
function excerpt(long: string): string {
  return long.length <= 40 ? long : `${long.slice(0, 40)}…`;
}
