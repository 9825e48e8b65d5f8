import * as http from "node:http";
import type { ChatPiece, ChatQuestion, ChatToken } from "../../engine/protocol/chatPanel.ts";
import { isRecord } from "../../engine/common/dictionary.ts";
import { t } from "../localize.ts";
import { ServiceError } from "./errors.ts";

/** Likeliest tokens that are asked for in the place of each. */
const ALTERNATIVES = 5;
/** Longest line of an answer, in characters. */
const MOST_LINE = 2 ** 20;

type Dictionary = Readonly<Record<string, unknown>>;

/** A model of the engine's own server. */
export interface ChatAddress {
  readonly baseUrl: string;
  readonly token: string;
  readonly model: string;
}

/** How an answer is listened to. */
export interface ChatListening {
  readonly signal: AbortSignal;
  readonly onPiece: (piece: ChatPiece) => void;
}

/**
 * Asks a model and hands on its answer piece by piece.
 *
 * @returns How it ended.
 * @throws {ServiceError} with the server's words, or when the connection breaks off.
 * @throws the signal's reason.
 */
export async function streamAnswer(
  { baseUrl, token, model }: ChatAddress,
  question: ChatQuestion,
  { signal, onPiece }: ChatListening,
): Promise<"stop" | "length"> {
  const { prompt, system, temperature, maxTokens, seed } = question;
  const messages = [...(system === "" ? [] : [{ role: "system", content: system }]), { role: "user", content: prompt }];
  const settings = {
    temperature,
    seed,
    max_tokens: maxTokens,
    stream: true,
    logprobs: true,
    top_logprobs: ALTERNATIVES,
  };
  const body = JSON.stringify({ model, messages, ...settings });
  const response = await send(`${baseUrl}/chat/completions`, { body, token, signal });
  let end: "stop" | "length" | undefined;
  try {
    if (response.statusCode !== 200) throw refusal(await allOf(response));
    for await (const data of events(response)) {
      if (data === "[DONE]") break;
      const chunk = parsed(data);
      if (isRecord(chunk["error"])) throw refusal(data);
      const [choice] = Array.isArray(chunk["choices"]) ? (chunk["choices"] as readonly unknown[]) : [];
      if (!isRecord(choice)) continue;
      const piece = pieceOf(choice);
      if (piece.text !== "" || piece.tokens.length > 0) onPiece(piece);
      const reason = choice["finish_reason"];
      if (reason === "stop" || reason === "length") end = reason;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ServiceError ? error : brokenOff(error);
  } finally {
    response.destroy();
  }
  if (end === undefined) throw brokenOff(undefined);
  return end;
}

interface Sent {
  readonly body: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

async function send(url: string, { body, token, signal }: Sent): Promise<http.IncomingMessage> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  try {
    return await new Promise((resolve, reject) => {
      const request = http.request(url, { method: "POST", headers, signal, agent: false }, resolve);
      request.on("error", reject);
      request.end(body);
    });
  } catch (error) {
    signal.throwIfAborted();
    throw brokenOff(error);
  }
}

const brokenOff = (cause: unknown): ServiceError =>
  new ServiceError(t("The answer broke off, as the model server has ended. Ask again to restart it"), "gone", {
    cause,
  });

function refusal(text: string): ServiceError {
  const { error } = parsed(text);
  const message = isRecord(error) && typeof error["message"] === "string" ? error["message"] : text.slice(0, 400);
  return new ServiceError(message, "refused");
}

function parsed(text: string): Dictionary {
  try {
    const value = JSON.parse(text) as unknown;
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function pieceOf(choice: Dictionary): ChatPiece {
  const { delta, logprobs } = choice;
  const text = isRecord(delta) && typeof delta["content"] === "string" ? delta["content"] : "";
  const listed =
    isRecord(logprobs) && Array.isArray(logprobs["content"]) ? (logprobs["content"] as readonly unknown[]) : [];
  return { text, tokens: listed.flatMap((one) => (isRecord(one) ? [{ ...likely(one), top: topOf(one) }] : [])) };
}

function topOf({ top_logprobs: top }: Dictionary): ChatToken["top"] {
  return Array.isArray(top) ? (top as readonly unknown[]).filter(isRecord).map(likely) : [];
}

function likely({ token, logprob }: Dictionary): ChatToken["top"][number] {
  return { text: typeof token === "string" ? token : "", logprob: typeof logprob === "number" ? logprob : NaN };
}

async function allOf(response: http.IncomingMessage): Promise<string> {
  let all = "";
  for await (const piece of response.setEncoding("utf8") as AsyncIterable<string>) {
    all += piece;
    if (all.length > MOST_LINE) break;
  }
  return all;
}

/** The data of server-sent events, one line each, as our server writes them. */
async function* events(response: http.IncomingMessage): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const piece of response.setEncoding("utf8") as AsyncIterable<string>) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MOST_LINE) throw new RangeError("a line of an answer is too long");
    for (const line of lines) if (line.startsWith("data: ")) yield line.slice(6);
  }
}
