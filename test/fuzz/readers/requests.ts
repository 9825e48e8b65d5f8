import assert from "node:assert/strict";
import { begin, follow } from "../../../engine/serving/server/grammar/automaton.ts";
import { bodyObject, readChatRequest, readCompletionRequest } from "../../../engine/serving/server/requests.ts";
import { type Reader, jsonFiles } from "../reader.ts";

const SETTINGS = {
  ...{
    model: "soup",
    stream: true,
    stream_options: { include_usage: true },
    n: 2,
    max_tokens: 16,
    seed: 1,
    user: "me",
  },
  ...{
    temperature: 0.7,
    top_p: 0.9,
    top_k: 5,
    stop: ["a", "b"],
    ignore_eos: false,
    prompt_logprobs: 1,
    logit_bias: {},
  },
};
const SCHEMA = {
  type: "object",
  properties: {
    a: { type: ["string", "null"], maxLength: 3 },
    b: { $ref: "#/$defs/list" },
    c: { enum: ["x", 1, null] },
  },
  required: ["a"],
  additionalProperties: false,
  $defs: {
    list: { type: "array", items: { anyOf: [{ $ref: "#/$defs/list" }, { const: true }] }, minItems: 1, maxItems: 2 },
  },
};
const MESSAGES = [
  { role: "system", content: "a" },
  { role: "user", content: [{ type: "text", text: "b" }] },
  { role: "assistant", content: "c", name: "d" },
];

/** Requests of our server's clients. */
export const REQUESTS: readonly Reader[] = [
  {
    name: "chatRequest",
    corpus: jsonFiles(
      { ...SETTINGS, messages: MESSAGES, logprobs: true, top_logprobs: 3 },
      { model: "m", messages: [{ role: "user", content: "x" }], response_format: { type: "json_object" }, tools: [] },
      {
        model: "m",
        messages: [{ role: "user", content: "x" }],
        response_format: { type: "json_schema", json_schema: { schema: SCHEMA } },
      },
    ),
    errors: ["ApiError"],
    read: (input: Buffer): void => {
      const { messages, n, sampling, shape, maxTokens = 1 } = readChatRequest(bodyObject(input.toString("utf8")));
      if (shape !== undefined) follow(begin(shape), '{"a":"x","b":[[true]],"c":null}');
      assert.ok(messages.length > 0 && messages.every(({ content }) => typeof content === "string"));
      assert.ok(n >= 1 && n <= 16 && maxTokens >= 1 && sampling.topK >= 0 && sampling.topP > 0);
    },
  },
  {
    name: "completionRequest",
    corpus: jsonFiles(
      { ...SETTINGS, prompt: "one two", echo: true, logprobs: 5 },
      { model: "m", prompt: [[1, 2], [3]] },
      { model: "m", prompt: ["a", "b"], best_of: 1, suffix: null },
    ),
    errors: ["ApiError"],
    read: (input: Buffer): void => {
      const { prompts, n } = readCompletionRequest(bodyObject(input.toString("utf8")));
      assert.ok(prompts.length > 0 && prompts.length * n <= 64);
      const isId = (id: number): boolean => Number.isSafeInteger(id) && id >= 0;
      assert.ok(prompts.every((prompt) => typeof prompt === "string" || prompt.every(isId)));
    },
  },
];
