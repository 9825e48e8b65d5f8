import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { THREE_WAY, parseVerdict } from "../../../engine/evaluation/judges/parseVerdict.ts";
import { looksLikeAnOrder } from "../../../engine/evaluation/judges/prompts.ts";
import { readEditorAnswer, readEditorCall } from "../../../engine/protocol/editorModelsSchema.ts";
import { JsonError, parseJson } from "../../../engine/common/json.ts";
import { eventData } from "../../../engine/serving/client/eventStream.ts";
import { ReplyParts, complaintOf } from "../../../engine/serving/client/reply.ts";
import { callFolder } from "../../../engine/serving/callStore.ts";
import { LENGTH_FIELDS, OPTIONAL_FIELDS } from "../../../engine/serving/client/habits.ts";
import { HabitFiles } from "../../../engine/serving/habitFiles.ts";
import { type FuzzPlace, type Reader, jsonFiles } from "../reader.ts";

const choice = { index: 0, delta: { content: "[[A]] <think>" }, finish_reason: null };
const PIECES = [
  { model: "m", choices: [choice] },
  { choices: [{ ...choice, delta: { reasoning_content: "so", refusal: null }, finish_reason: "length" }] },
  { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } },
  { error: { message: "m", code: 429, param: "max_tokens" } },
  { object: "error", message: "m" },
  { detail: [{ msg: "m" }] },
];
const ABOUT = { server: "http://127.0.0.1/v1", model: "m" };
const HABITS = { version: 1, time: 1000, longest: "max_tokens", omitted: [] };
const STREAM = `: hi\r\n\r\n${PIECES.map((piece) => `data: ${JSON.stringify(piece)}\n\n`).join("")}data: [DONE]\n\n`;

function valueOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** Replies of servers of language models. */
export const REPLIES: readonly Reader[] = [
  {
    name: "modelStream",
    corpus: [Buffer.from(STREAM), Buffer.from('data:{"choices":[{"text":"x","finish_reason":"stop"}]}\r\rdata: x')],
    errors: ["StreamError"],
    read: async (input: Buffer): Promise<void> => {
      const parts = new ReplyParts();
      const pieces = [input.subarray(0, input.length >> 1), input.subarray(input.length >> 1)];
      // oxlint-disable-next-line typescript/require-await -- an iterator as a socket is one
      const arriving = async function* (): AsyncGenerator<Buffer, undefined> {
        yield* pieces;
      };
      for await (const data of eventData(arriving())) {
        const value = valueOf(data);
        assert.equal(typeof (complaintOf(value)?.message ?? ""), "string");
        parts.add(value);
      }
      const { text, end, promptTokens = 0 } = parts.reply();
      assert.ok(["stop", "length", "refused"].includes(end) && promptTokens >= 0);
      assert.ok(parseVerdict(text, THREE_WAY).verdict !== "error");
      assert.equal(typeof looksLikeAnOrder(text), "boolean");
    },
  },
  {
    name: "editorMessages",
    corpus: [
      { model: "vscode:a/b", request: { prompt: [{ role: "user", content: "x" }], temperature: 0, maxTokens: 1 } },
      { model: "vscode:a/b", request: { prompt: "x", temperature: 1, maxTokens: 9, stop: ["a"], seed: 1, topP: 0.5 } },
      { kind: "reply", reply: { text: "[[A]]", end: "stop", promptTokens: 3 } },
      { kind: "failed", fault: "blocked", message: "no" },
    ].map((message) => Buffer.from(JSON.stringify(message))),
    errors: ["MessageError"],
    read: (input: Buffer): Promise<void> => {
      const value = valueOf(input.toString("utf8"));
      const isCall = typeof value === "object" && value !== null && "request" in value;
      if (isCall) assert.ok(readEditorCall(value).model.length > 0);
      else assert.ok(["reply", "failed"].includes(readEditorAnswer(value).kind));
      return Promise.resolve();
    },
  },
  {
    name: "habits.json",
    corpus: jsonFiles(HABITS, { ...HABITS, longest: "max_completion_tokens", omitted: ["seed", "top_p"] }),
    errors: [],
    read: async (input: Buffer, place: FuzzPlace): Promise<void> => {
      const folder = callFolder(place.folder, ABOUT);
      mkdirSync(folder, { recursive: true });
      place.write(join(relative(place.folder, folder), "habits.json"), input);
      const known = await new HabitFiles(place.folder, () => 2000).recall(ABOUT);
      if (known === undefined) return;
      assert.ok(LENGTH_FIELDS.includes(known.longest));
      assert.ok(known.omitted.every((name) => OPTIONAL_FIELDS.includes(name)));
    },
  },
];
