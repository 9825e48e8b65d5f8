import assert from "node:assert/strict";
import OpenAI from "openai";
import { Generator, DeviceWeights } from "../../../../engine/models/index.ts";
import { createWasmBackend } from "../../../../engine/compute/backends/wasm/index.ts";
import { Random } from "../../../../engine/training/index.ts";
import { PICO, PICO_PAD, picoWeights } from "../../models/pico.ts";
import { type Served, type ServedOptions, withServed } from "./served.ts";

const ASKED = {
  model: "pico",
  messages: [{ role: "user" as const, content: "one two three" }],
  max_completion_tokens: 12,
};

describe("the openai client and our server", function () {
  this.timeout(30_000);

  async function withClient<T>(
    test: (client: OpenAI, served: Served) => Promise<T>,
    options: ServedOptions = {},
  ): Promise<T> {
    return withServed(options, (served) => {
      const apiKey = options.token ?? "none";
      return test(new OpenAI({ baseURL: served.baseUrl, apiKey, maxRetries: 0 }), served);
    });
  }

  it("list the models", () =>
    withClient(async (client) => {
      const { data } = await client.models.list();
      assert.deepEqual(
        data.map(({ id }) => id),
        ["pico", "other"],
      );
      const one = await client.models.retrieve("other");
      assert.deepEqual([one.id, one.owned_by], ["other", "salsa"]);
    }));

  it("answer a chat, the same streamed and whole", () =>
    withClient(async (client, { tokenizer }) => {
      const whole = await client.chat.completions.create({ ...ASKED, temperature: 0 });
      const [choice] = whole.choices;
      assert.equal(choice?.message.role, "assistant");
      assert.ok(["stop", "length"].includes(choice.finish_reason));
      assert.equal(whole.usage?.prompt_tokens, 4);
      const words = tokenizer.encode(choice.message.content ?? "").length;
      const isStopped = choice.finish_reason === "stop";
      assert.ok(whole.usage.completion_tokens >= words + (isStopped ? 1 : 0));
      const pieces: string[] = [];
      const ends: unknown[] = [];
      let usage: unknown;
      const stream = await client.chat.completions.create({
        ...ASKED,
        ...{ temperature: 0, stream: true, stream_options: { include_usage: true } },
      });
      for await (const chunk of stream) {
        const [one] = chunk.choices;
        if (one === undefined) usage = chunk.usage;
        else {
          pieces.push(one.delta.content ?? "");
          if (one.finish_reason !== null) ends.push(one.finish_reason);
        }
      }
      assert.equal(pieces.join(""), choice.message.content);
      assert.deepEqual([ends, usage], [[choice.finish_reason], whole.usage]);
      assert.ok(pieces.filter((piece) => piece !== "").length > 1, "it came in pieces");
    }));

  it("answer greedily as the generator does", () =>
    withClient(async (client, { tokenizer }) => {
      const backend = await createWasmBackend({ threads: 1 });
      const generator = new Generator(backend, PICO, {
        ...{ batchSize: 1, queryLength: 4, responseLength: 20, sampling: { temperature: 0 } },
        ...{ eos: [tokenizer.eos], pad: PICO_PAD },
      });
      const device = DeviceWeights.upload(backend, picoWeights());
      for (const prompt of ["one two three", "red cat sun", "sea sky six"]) {
        const query = [1, ...tokenizer.encode(prompt)];
        const { responses, lengths, ended } = await generator.generate(device, [query], Random.of(0));
        const expected = tokenizer.decode([...responses.subarray(0, (lengths[0] ?? 0) - (ended[0] ?? 0))]);
        const { choices } = await client.chat.completions.create({
          ...{ ...ASKED, max_completion_tokens: 20, temperature: 0 },
          messages: [{ role: "user", content: prompt }],
        });
        assert.equal(choices[0]?.message.content?.trim(), expected.trim());
      }
      await backend.close();
    }));

  it("draw what the generator draws from the same seed", () =>
    withClient(async (client, { tokenizer }) => {
      const backend = await createWasmBackend({ threads: 1 });
      const generator = new Generator(backend, PICO, {
        ...{ batchSize: 1, queryLength: 4, responseLength: 20, sampling: { temperature: 0.9, topP: 0.95 } },
        ...{ eos: [tokenizer.eos], pad: PICO_PAD },
      });
      const device = DeviceWeights.upload(backend, picoWeights());
      const query = [1, ...tokenizer.encode("one two three")];
      for (const seed of [1, 2, 3]) {
        const { responses, lengths, ended } = await generator.generate(device, [query], Random.of(seed, "generate"));
        const expected = tokenizer.decode([...responses.subarray(0, (lengths[0] ?? 0) - (ended[0] ?? 0))]);
        // The API calls seeds deprecated, and its servers have them.
        const asked = { ...ASKED, max_completion_tokens: 20, seed, temperature: 0.9, top_p: 0.95 };
        const { choices } = await client.chat.completions.create(asked);
        assert.equal(choices[0]?.message.content?.trim(), expected.trim());
      }
      await backend.close();
    }));

  it("give log-probabilities, whose alternatives hold the token drawn greedily", () =>
    withClient(async (client) => {
      const { choices } = await client.chat.completions.create({
        ...ASKED,
        temperature: 0,
        logprobs: true,
        top_logprobs: 4,
      });
      const content = choices[0]?.logprobs?.content ?? [];
      assert.ok(content.length > 0);
      for (const { token, logprob, top_logprobs: top, bytes } of content) {
        assert.deepEqual([top.length, top[0]?.token, top[0]?.logprob], [4, token, logprob]);
        assert.ok(logprob <= 0 && top.every((one, at) => one.logprob <= (top[at - 1]?.logprob ?? 0)));
        assert.equal(Buffer.from(bytes ?? []).toString(), token);
      }
      const stream = await client.chat.completions.create({
        ...ASKED,
        temperature: 0,
        logprobs: true,
        top_logprobs: 4,
        stream: true,
      });
      const streamed: unknown[] = [];
      for await (const chunk of stream) streamed.push(...(chunk.choices[0]?.logprobs?.content ?? []));
      assert.deepEqual(streamed, content);
    }));

  it("score a given text: echo with no new token gives the log-probabilities that answering had", () =>
    withClient(async (client, { tokenizer }) => {
      const prompt = [1, ...tokenizer.encode("one two three")];
      const made = await client.completions.create({
        model: "pico",
        prompt,
        max_tokens: 6,
        temperature: 0,
        logprobs: 2,
      });
      const own = made.choices[0]?.logprobs;
      const answer = (own?.tokens ?? []).map((token) => tokenizer.idOf(token.trim()) ?? 0);
      const scored = await client.completions.create({
        ...{ model: "pico", prompt: [...prompt, ...answer], max_tokens: 0, echo: true, logprobs: 2 },
      });
      const {
        tokens = [],
        token_logprobs: logprobs = [],
        top_logprobs: top = [],
        text_offset: offsets,
      } = scored.choices[0]?.logprobs ?? {};
      assert.equal(tokens.length, prompt.length + answer.length);
      assert.equal(logprobs[0], null);
      assert.equal(top[0], null);
      assert.deepEqual(offsets?.slice(0, 3), [0, 3, 7]);
      for (const [at, logprob] of (own?.token_logprobs ?? []).entries()) {
        assert.ok(Math.abs((logprobs[prompt.length + at] ?? NaN) - logprob) < 2e-5);
      }
      assert.equal(scored.usage?.completion_tokens, 0);
      assert.equal(scored.choices[0]?.text, tokenizer.decode([...prompt, ...answer]));
    }));

  it("give the prompt's log-probabilities in vLLM's field", () =>
    withClient(async (client, { tokenizer }) => {
      const prompt = [1, ...tokenizer.encode("one two")];
      const body = { model: "pico", prompt, max_tokens: 1, prompt_logprobs: 1 };
      const { choices } = await client.completions.create(body as OpenAI.CompletionCreateParamsNonStreaming);
      const [none, first] = (
        choices[0] as unknown as { prompt_logprobs: (Record<string, { rank: number; logprob: number }> | null)[] }
      ).prompt_logprobs;
      assert.equal(none, null);
      const own = first?.[String(prompt[1])];
      assert.ok(own !== undefined && own.logprob < 0 && own.rank >= 1);
      assert.ok(Object.values(first ?? {}).some(({ rank }) => rank === 1));
    }));

  it("give several answers to several prompts, each with a seed's own draw", () =>
    withClient(async (client) => {
      const asked = { model: "pico", prompt: ["one", "two"], n: 3, max_tokens: 8, seed: 7 };
      const { choices, usage } = await client.completions.create(asked);
      assert.deepEqual(
        choices.map(({ index }) => index),
        [0, 1, 2, 3, 4, 5],
      );
      assert.ok(new Set(choices.map(({ text }) => text)).size > 3);
      assert.equal(usage?.prompt_tokens, 2);
      assert.deepEqual((await client.completions.create(asked)).choices, choices);
    }));

  it("end at a stop, which is not shown", () =>
    withClient(async (client) => {
      const asked = { ...ASKED, temperature: 0, max_tokens: 30 };
      const free = (await client.chat.completions.create(asked)).choices[0]?.message.content ?? "";
      const [, stop = ""] = free.split(" ").filter((word) => word !== "");
      const { choices } = await client.chat.completions.create({ ...asked, stop: [` ${stop}`] });
      assert.equal(choices[0]?.finish_reason, "stop");
      assert.equal(choices[0].message.content, free.slice(0, free.indexOf(` ${stop}`)));
    }));

  it("agree on errors by their classes", () =>
    withClient(async (client) => {
      await assert.rejects(client.chat.completions.create({ ...ASKED, model: "nobody" }), (error: unknown) => {
        assert.ok(error instanceof OpenAI.NotFoundError);
        assert.deepEqual([error.code, error.param], ["model_not_found", "model"]);
        return true;
      });
      await assert.rejects(
        client.chat.completions.create({ ...ASKED, messages: [{ role: "user", content: "one ".repeat(80) }] }),
        (error: unknown) => error instanceof OpenAI.BadRequestError && error.code === "context_length_exceeded",
      );
      await assert.rejects(
        client.chat.completions.create({ ...ASKED, frequency_penalty: 1 }),
        (error: unknown) => error instanceof OpenAI.BadRequestError && error.param === "frequency_penalty",
      );
    }));

  it("agree on a token", () =>
    withClient(
      async (client, { baseUrl }) => {
        assert.equal((await client.models.list()).data.length, 2);
        const wrong = new OpenAI({ baseURL: baseUrl, apiKey: "no", maxRetries: 0 });
        await assert.rejects(wrong.models.list(), OpenAI.AuthenticationError);
      },
      { token: "a-token-for-tests" },
    ));

  it("part when the client aborts, and the place is free again", () =>
    withClient(
      async (client, { models }) => {
        const controller = new AbortController();
        const endless = {
          ...ASKED,
          max_completion_tokens: 50_000,
          stream: true,
          ignore_eos: true,
        } as OpenAI.ChatCompletionCreateParamsStreaming;
        const stream = await client.chat.completions.create(endless, { signal: controller.signal });
        const first = await stream[Symbol.asyncIterator]().next();
        assert.equal(first.done, false);
        assert.deepEqual(models[0]?.scheduler.load, { running: 1, waiting: 0 });
        controller.abort();
        // The only slot: answered once it is free.
        const { choices } = await client.chat.completions.create({ ...ASKED, max_completion_tokens: 3 });
        assert.equal(choices.length, 1);
        assert.deepEqual(models[0].scheduler.load, { running: 0, waiting: 0 });
      },
      { nSlots: 1, context: 100_000 },
    ));
});
