import { type Message, type Question, ROLES, type SftExample } from "../protocol/conversation.ts";
import { DataError } from "../protocol/errors.ts";
import { type JsonError, excerpt as shortJson, parseJson } from "../common/json.ts";
import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import { readLines } from "./lines.ts";
import { NO_TOOLS, contentText, toolPart } from "./turns.ts";

/** A record of a data file, and where it stands. */
export interface JsonRecord {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly fields: JsonObject;
}

/** Two responses to a prompt, the first preferred. */
export interface Preference {
  readonly prompt: Question;
  readonly chosen: string;
  readonly rejected: string;
  /** By how much the first is better, in reward units. */
  readonly margin?: number;
}

/** A prompt to respond to, with facts that a benchmark may give for judges. */
export interface Prompt {
  readonly prompt: Question;
  readonly category?: string;
  /** A response that is known to be right. */
  readonly reference?: string;
  /** Of a question of a benchmark: its id there. */
  readonly questionId?: number | string;
  /** The user's later turns. */
  readonly followUps?: readonly string[];
  /** Responses that are known to be right, turn by turn. */
  readonly references?: readonly string[];
}

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
 * Examples for SFT: `{prompt, response}` or `{messages}` per line; a prompt is a text or a list of messages.
 * @throws {DataError} naming file, line and field.
 */
export async function* readSft(file: string): AsyncGenerator<SftExample, undefined> {
  for await (const record of readJsonl(file)) yield sftExample(record);
}

/** The example of a record, see {@link readSft}. @throws {DataError} naming file, line and field. */
export function sftExample(record: JsonRecord): SftExample {
  // Some data sets repeat a conversation's first turn as its prompt.
  const isConversation = record.fields["messages"] !== undefined && record.fields["response"] === undefined;
  if (isConversation) return { messages: conversation(record) };
  return { prompt: question(record), response: text(record, "response") };
}

/**
 * Pairs for reward models: `{prompt, chosen, rejected, margin?}` per line. The prompt is a text, or messages under
 * `prompt` or `messages`; the responses are texts, or lists that end with them, alone or with all that came before.
 * @throws {DataError} naming file, line and field.
 */
export async function* readPreferences(file: string): AsyncGenerator<Preference, undefined> {
  for await (const record of readJsonl(file)) yield preference(record);
}

/** The pair of a record, see {@link readPreferences}. @throws {DataError} naming file, line and field. */
export function preference(record: JsonRecord): Preference {
  const pair = comparison(record);
  const { margin } = record.fields;
  if (margin === undefined || margin === null) return pair;
  if (typeof margin === "number") return { ...pair, margin };
  throw wrongType(record, "margin", "a number", margin);
}

/**
 * Prompts: `{prompt, category?, reference?}` or `{messages, …}` per line, the latter two where they are texts; other
 * fields are left alone.
 * @throws {DataError} naming file, line and field.
 */
export async function* readPrompts(file: string): AsyncGenerator<Prompt, undefined> {
  for await (const record of readJsonl(file)) yield promptOf(record);
}

/** The prompt of a record, see {@link readPrompts}. @throws {DataError} naming file, line and field. */
export function promptOf(record: JsonRecord): Prompt {
  const { category, reference } = record.fields;
  return {
    prompt: question(record),
    ...(typeof category === "string" && { category }),
    ...(typeof reference === "string" && { reference }),
  };
}

function text(record: JsonRecord, field: string): string {
  const value = record.fields[field];
  if (typeof value !== "string") throw wrongType(record, field, "a string", value);
  return value;
}

/** A prompt: a text, or messages under either name. */
function question(record: JsonRecord): Question {
  const { prompt, messages } = record.fields;
  if (Array.isArray(prompt)) return turns(record, "prompt");
  return prompt !== undefined || messages === undefined ? text(record, "prompt") : turns(record, "messages");
}

function conversation(record: JsonRecord): readonly Message[] {
  const messages = turns(record, "messages");
  if (messages.at(-1)?.role === "assistant") return messages;
  const remedy = "end every conversation with the response to learn";
  throw new DataError("messages does not end with an assistant's turn", { ...placeOf(record), remedy });
}

function comparison(record: JsonRecord): Omit<Preference, "margin"> {
  const { chosen, rejected } = record.fields;
  if (!Array.isArray(chosen) || !Array.isArray(rejected)) {
    return { prompt: question(record), chosen: text(record, "chosen"), rejected: text(record, "rejected") };
  }
  const [better, worse] = [response(record, "chosen"), response(record, "rejected")];
  if (JSON.stringify(better.before) !== JSON.stringify(worse.before)) {
    const remedy = "give two endings of one conversation, which differ in the last turn alone";
    throw new DataError("chosen and rejected differ before their last turn", { ...placeOf(record), remedy });
  }
  const prompt = better.before.length === 0 ? question(record) : better.before;
  return { prompt, chosen: better.last, rejected: worse.last };
}

/** The response that a list of messages ends with, and what came before it in the list. */
function response(record: JsonRecord, field: string): { readonly before: readonly Message[]; readonly last: string } {
  const messages = turns(record, field);
  const last = messages.at(-1);
  if (last?.role === "assistant") return { before: messages.slice(0, -1), last: last.content };
  const remedy = "end it with the assistant's response";
  throw new DataError(`${field} does not end with an assistant's turn`, { ...placeOf(record), remedy });
}

function turns(record: JsonRecord, field: string): readonly Message[] {
  const value = record.fields[field];
  if (!Array.isArray(value)) throw wrongType(record, field, "a list", value);
  const messages = (value as readonly Json[]).map((item, index) => message(record, `${field}[${index}]`, item));
  if (messages.length > 0) return messages;
  throw new DataError(`field ${field} is an empty list`, { ...placeOf(record), remedy: "give at least one message" });
}

function message(record: JsonRecord, field: string, value: Json): Message {
  if (!isJsonObject(value)) throw wrongType(record, field, "an object", value);
  const { role: name, content } = value as Record<string, Json | undefined>;
  const tool = toolPart(value);
  if (tool !== undefined) {
    const what = `field ${field}.${tool.field} ${tool.what}: ${NO_TOOLS.what}`;
    throw new DataError(what, { ...placeOf(record), remedy: NO_TOOLS.remedy });
  }
  const role = ROLES.find((one) => one === name);
  if (role === undefined) throw wrongType(record, `${field}.role`, "system, developer, user or assistant", name);
  const text = contentText(content);
  if (text === undefined) throw wrongType(record, `${field}.content`, "a string, or a list of parts of text", content);
  return { role, content: text };
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
