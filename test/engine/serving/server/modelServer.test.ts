import assert from "node:assert/strict";
import * as http from "node:http";
import * as net from "node:net";
import { text as textOf } from "node:stream/consumers";
import { MOST_BODY_BYTES } from "../../../../engine/serving/server/requests.ts";
import { post, withServed } from "./served.ts";

interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

async function errorOf(response: Response): Promise<ErrorBody["error"]> {
  return ((await response.json()) as ErrorBody).error;
}

async function contentOf(response: Response): Promise<string> {
  const body = (await response.json()) as { choices: readonly { message: { content: string } }[] };
  return body.choices[0]?.message.content ?? "";
}

const asked = (content: string, more: object = {}): object => {
  return { model: "pico", messages: [{ role: "user", content }], max_tokens: 20, ...more };
};

/** A request as it goes over the wire. @returns Status line and the rest. */
async function raw(baseUrl: string, lines: readonly string[], body = ""): Promise<string> {
  const { port, hostname } = new URL(baseUrl);
  const socket = net.connect(Number(port), hostname);
  socket.write(`${[...lines, "connection: close"].join("\r\n")}\r\n\r\n${body}`);
  return textOf(socket);
}

describe("our server of models", function () {
  this.timeout(30_000);

  it("gives the same answer to the same seed, alone and among others", () =>
    withServed({ nSlots: 8 }, async ({ baseUrl, steps }) => {
      const url = `${baseUrl}/chat/completions`;
      const own = asked("one two three", { seed: 11, temperature: 1.3, max_tokens: 40 });
      const alone = await contentOf(await post(url, own));
      const crowd = Array.from({ length: 11 }, (_, at) =>
        post(url, asked("cat dog ".repeat(1 + (at % 5)), { seed: at, max_tokens: 5 + 4 * at, ignore_eos: true })),
      );
      const among = await contentOf(await post(url, own));
      await Promise.all(crowd.map(async (one) => (await one).text()));
      assert.equal(among, alone);
      assert.ok(Math.max(...steps) > 4, "they were decoded side by side");
    }));

  it("lets answers join and leave at any token", () =>
    withServed({ nSlots: 8 }, async ({ baseUrl, steps, models }) => {
      const lengths = [3, 30, 7, 22, 11, 1, 16, 25, 9, 4, 28, 13];
      const answers = await Promise.all(
        lengths.map(async (length, at) => {
          const response = await post(`${baseUrl}/completions`, {
            ...{ model: "pico", prompt: "one ".repeat(1 + (at % 7)), max_tokens: length, ignore_eos: true },
          });
          const { usage } = (await response.json()) as { usage: { completion_tokens: number } };
          return usage.completion_tokens;
        }),
      );
      assert.deepEqual(answers, lengths);
      assert.equal(Math.max(...steps), 8);
      // In fixed batches of 8, the longest of each would be waited for: 29 + 27 steps and more.
      assert.ok(steps.length < 50, `${steps.length} steps`);
      assert.deepEqual(models[0]?.scheduler.load, { running: 0, waiting: 0 });
    }));

  it("frees the place of a client that has gone, while others are answered", () =>
    withServed({ nSlots: 2, context: 100_000 }, async ({ baseUrl, models }) => {
      const controllers = [new AbortController(), new AbortController()];
      const endless = asked("one", { max_tokens: 90_000, ignore_eos: true });
      const gone = controllers.map(async ({ signal }) =>
        fetch(`${baseUrl}/chat/completions`, {
          ...{ method: "POST", signal, body: JSON.stringify(endless), headers: { "content-type": "application/json" } },
        }).catch(() => "gone"),
      );
      const waiting = post(`${baseUrl}/chat/completions`, asked("two", { max_tokens: 4 }));
      while (models[0]?.scheduler.load.running !== 2) await fetch(`${baseUrl}/models`);
      for (const controller of controllers) controller.abort();
      assert.equal((await waiting).status, 200);
      assert.deepEqual(await Promise.all(gone), ["gone", "gone"]);
    }));

  it("answers 429 with Retry-After when too many wait, and others go on", () =>
    withServed({ nSlots: 1, mostWaiting: 2, context: 100_000 }, async ({ baseUrl, models }) => {
      const controller = new AbortController();
      const url = `${baseUrl}/chat/completions`;
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify(asked("one", { max_tokens: 90_000, ignore_eos: true }));
      const first = fetch(url, { method: "POST", signal: controller.signal, body, headers }).catch(() => "gone");
      while (models[0]?.scheduler.load.running !== 1) await fetch(`${baseUrl}/models`);
      const waiting = [post(url, asked("two")), post(url, asked("three"))];
      while (models[0].scheduler.load.waiting !== 2) await fetch(`${baseUrl}/models`);
      const refused = await post(url, asked("four"));
      assert.deepEqual([refused.status, refused.headers.get("retry-after")], [429, "1"]);
      assert.equal((await errorOf(refused)).code, "queue_full");
      assert.equal((await post(`${baseUrl}/completions`, { model: "other", prompt: "one" })).status, 200);
      controller.abort();
      assert.equal(await first, "gone");
      assert.deepEqual(
        (await Promise.all(waiting)).map(({ status }) => status),
        [200, 200],
      );
    }));

  it("takes a conversation of one turn as it stands where the model has no template, and refuses more", () =>
    withServed({ template: undefined }, async ({ baseUrl }) => {
      const url = `${baseUrl}/chat/completions`;
      const plain = await contentOf(await post(url, asked("one two", { temperature: 0 })));
      const completed = (await (
        await post(`${baseUrl}/completions`, { model: "pico", prompt: "one two", temperature: 0, max_tokens: 20 })
      ).json()) as {
        choices: readonly { text: string }[];
      };
      assert.equal(completed.choices[0]?.text.trim(), plain);
      const turns = [
        { role: "system", content: "a" },
        { role: "user", content: "one" },
      ];
      const refused = await post(url, { model: "pico", messages: turns });
      assert.equal(refused.status, 400);
      assert.match((await errorOf(refused)).message, /the model has none/);
    }));

  describe("refuses", () => {
    const refusals: readonly (readonly [what: string, body: unknown, status: number, message: RegExp])[] = [
      ["what is not JSON", "{", 400, /^the body is not JSON$/],
      ["a list", [], 400, /must be a JSON object/],
      ["an unknown field", asked("one", { nonsense: 1 }), 400, /"nonsense" is not a field/],
      ["a format it does not know", asked("one", { response_format: { type: "grammar" } }), 400, /^response_format/],
      [
        "a schema that it cannot keep to",
        asked("one", {
          response_format: { type: "json_schema", json_schema: { schema: { type: "string", pattern: "^a" } } },
        }),
        400,
        /^response_format: schema: the keyword "pattern" is not supported$/,
      ],
      ["tools", asked("one", { tools: [{ type: "function" }] }), 400, /^tools is not supported/],
      [
        "a role it does not know",
        { model: "pico", messages: [{ role: "tool", content: "x" }] },
        400,
        /the role "tool"/,
      ],
      [
        "pictures",
        { model: "pico", messages: [{ role: "user", content: [{ type: "image_url" }] }] },
        400,
        /parts of the type/,
      ],
      ["too many answers", asked("one", { n: 17 }), 400, /^n: /],
      ["no messages", { model: "pico", messages: [] }, 400, /^messages: /],
      ["no model", { messages: [{ role: "user", content: "x" }] }, 400, /^model: /],
      ["alternatives without log-probabilities", asked("one", { top_logprobs: 2 }), 400, /^top_logprobs needs/],
      ["a temperature below 0", asked("one", { temperature: -1 }), 400, /^temperature: /],
      ["deep nesting", `${'{"a":'.repeat(300)}1${"}".repeat(300)}`, 400, /^the body is /],
    ];
    for (const [what, body, status, message] of refusals) {
      it(what, () =>
        withServed({}, async ({ baseUrl }) => {
          const response = await post(`${baseUrl}/chat/completions`, body);
          assert.equal(response.status, status);
          const error = await errorOf(response);
          assert.match(error.message, message);
          assert.equal(error.type, "invalid_request_error");
        }),
      );
    }

    it("tokens that are not in the vocabulary, and an empty prompt", () =>
      withServed({}, async ({ baseUrl }) => {
        const url = `${baseUrl}/completions`;
        assert.equal((await post(url, { model: "pico", prompt: [1, 19] })).status, 400);
        assert.equal((await post(url, { model: "pico", prompt: "" })).status, 400);
        assert.equal((await post(url, { model: "pico", prompt: [] })).status, 400);
      }));

    it("bodies that are too large, said or not", () =>
      withServed({}, async ({ baseUrl }) => {
        const url = `${baseUrl}/chat/completions`;
        const large = " ".repeat(MOST_BODY_BYTES + 1);
        const said = await post(url, large);
        assert.deepEqual([said.status, (await errorOf(said)).type], [413, "invalid_request_error"]);
        const { promise, resolve } = Promise.withResolvers<http.IncomingMessage>();
        const request = http.request(url, { method: "POST", headers: { "content-type": "application/json" } }, resolve);
        request.write(large);
        request.end(large);
        assert.equal((await promise).statusCode, 413);
      }));

    it("other content types, methods and paths", () =>
      withServed({}, async ({ baseUrl }) => {
        const url = `${baseUrl}/chat/completions`;
        assert.equal((await post(url, asked("one"), { "content-type": "text/plain" })).status, 415);
        const got = await fetch(url);
        assert.deepEqual([got.status, got.headers.get("allow")], [405, "POST"]);
        assert.equal((await fetch(`${baseUrl}/embeddings`)).status, 404);
        assert.equal((await fetch(`${baseUrl}/models/nobody`)).status, 404);
      }));

    it("web pages: by their origin, and by another name for this machine", () =>
      withServed({}, async ({ baseUrl, steps }) => {
        const url = `${baseUrl}/chat/completions`;
        for (const [name, value] of [
          ["origin", "https://evil.example"],
          ["origin", "null"],
          ["sec-fetch-site", "cross-site"],
        ] as const) {
          const { status } = await post(url, asked("one"), { [name]: value });
          assert.equal(status, 403);
        }
        const preflight = await fetch(url, { method: "OPTIONS", headers: { origin: "http://localhost" } });
        assert.deepEqual([preflight.status, preflight.headers.get("access-control-allow-origin")], [403, null]);
        for (const host of [
          "evil.example",
          "evil.example:80",
          "localhost.evil.example",
          "127.0.0.1.evil.example",
          "[::2]",
          "",
        ]) {
          const answered = await raw(baseUrl, ["GET /v1/models HTTP/1.1", `host: ${host}`]);
          assert.match(answered, /^HTTP\/1\.1 403 /, host);
        }
        const { port } = new URL(baseUrl);
        for (const host of [
          "localhost",
          `localhost:${port}`,
          `127.0.0.1:${port}`,
          "127.1.2.3",
          "[::1]",
          `[::1]:${port}`,
        ]) {
          assert.match(await raw(baseUrl, ["GET /v1/models HTTP/1.1", `host: ${host}`]), /^HTTP\/1\.1 200 /, host);
        }
        assert.equal(steps.length, 0);
      }));

    it("a client that lacks the token, but answers /health", () =>
      withServed({ token: "only-for-us" }, async ({ baseUrl }) => {
        const origin = new URL(baseUrl).origin;
        assert.equal((await fetch(`${origin}/health`)).status, 200);
        for (const authorization of ["", "Bearer", "Bearer only-for", "Bearer only-for-us-too", "Basic only-for-us"]) {
          const response = await fetch(`${baseUrl}/models`, { headers: { authorization } });
          assert.equal(response.status, 401);
          assert.equal(response.headers.get("www-authenticate"), "Bearer");
          assert.ok(!JSON.stringify(await response.json()).includes("only-for"));
        }
        const headers = { authorization: "bearer only-for-us" };
        assert.equal((await fetch(`${baseUrl}/models`, { headers })).status, 200);
      }));

    it("headers that are too long", () =>
      withServed({}, async ({ baseUrl }) => {
        const answered = await raw(baseUrl, ["GET /health HTTP/1.1", "host: localhost", `x: ${"y".repeat(20_000)}`]);
        assert.match(answered, /^HTTP\/1\.1 431 /);
      }));
  });

  it("takes the fields that others send without effect", () =>
    withServed({}, async ({ baseUrl }) => {
      const more = {
        ...{
          user: "me",
          metadata: { a: "b" },
          frequency_penalty: 0,
          presence_penalty: null,
          logit_bias: {},
          tools: null,
        },
        ...{ response_format: { type: "text" }, stream_options: null, top_k: -1, seed: null, stop: null },
      };
      assert.equal((await post(`${baseUrl}/chat/completions`, asked("one", more))).status, 200);
    }));

  it("says so where no token of the model fits the format", () =>
    withServed({}, async ({ baseUrl }) => {
      const refused = await post(
        `${baseUrl}/chat/completions`,
        asked("one", { response_format: { type: "json_object" } }),
      );
      assert.equal(refused.status, 400);
      assert.match((await errorOf(refused)).message, /no token that such an answer/);
    }));

  it("ends streams with an error when it closes", () =>
    withServed({ context: 100_000 }, async ({ baseUrl, server }) => {
      const endless = asked("one", { max_tokens: 90_000, ignore_eos: true, stream: true });
      const response = await post(`${baseUrl}/chat/completions`, endless);
      const whole = response.text();
      await server.close();
      const events = (await whole).split("\n\n").filter((event) => event !== "");
      assert.match(events.at(-2) ?? "", /"the server is shutting down"/);
      assert.equal(events.at(-1), "data: [DONE]");
      await assert.rejects(fetch(`${baseUrl}/models`));
    }));
});
