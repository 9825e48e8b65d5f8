import assert from "node:assert/strict";
import { inspect } from "node:util";
import { type EndpointSettings, ModelClient } from "../../../engine/serving/client/index.ts";
import { askedWait } from "../../../engine/serving/client/estimates.ts";
import type { Clock } from "../../../engine/serving/client/limits.ts";
import { ServerError } from "../../../engine/serving/client/serverError.ts";
import type { ModelReply, ModelRequest } from "../../../engine/protocol/modelCalls.ts";
import {
  type Script,
  type ScriptedServer,
  chat,
  delta,
  events,
  json,
  scriptedServer,
  withServer,
} from "./scriptedServer.ts";

const REQUEST: ModelRequest = { prompt: [{ role: "user", content: "Who wins?" }], temperature: 0, maxTokens: 100 };
const KEY = "sk-marker-0123456789-never-seen";
const NEVER = new AbortController().signal;

const settings = (baseUrl: string, more: Partial<EndpointSettings> = {}): EndpointSettings => ({
  ...{ baseUrl, concurrency: 8, deadlineMs: 20_000, firstWaitMs: 1, random: () => 0.5 },
  ...more,
});

async function asked(script: Script, more: Partial<EndpointSettings> = {}, request = REQUEST): Promise<ModelReply> {
  return withServer(script, async ({ baseUrl }) => {
    const client = new ModelClient(settings(baseUrl, more));
    try {
      return await client.ask("judge-1", request, NEVER);
    } finally {
      client.close();
    }
  });
}

async function failure(script: Script, more: Partial<EndpointSettings> = {}): Promise<ServerError> {
  return asked(script, more).then(
    () => assert.fail("it answered"),
    (error: unknown) => {
      assert.ok(error instanceof ServerError, inspect(error));
      return error;
    },
  );
}

/** A client's request, its server and what came of it. */
async function exchange(
  script: Script,
  more: Partial<EndpointSettings> = {},
  request = REQUEST,
): Promise<{ readonly reply: ModelReply; readonly server: ScriptedServer }> {
  return withServer(script, async (server) => {
    const client = new ModelClient(settings(server.baseUrl, more));
    const reply = await client.ask("judge-1", request, NEVER);
    client.close();
    return { reply, server };
  });
}

/** Answers with these, one after the other, and with the last from then on. */
const inTurn =
  (...scripts: readonly Script[]): Script =>
  (seen, response, index) =>
    (scripts[index] ?? scripts.at(-1))?.(seen, response, index);

const answers =
  (value: object, status = 200, headers: Readonly<Record<string, string>> = {}): Script =>
  (_, response) =>
    json(response, value, status, headers);

describe("a client of a model's server", () => {
  it("sends every sampling setting, and reads text, end, model and tokens", async () => {
    const { reply, server } = await exchange(answers(chat("[[A]]")), {}, { ...REQUEST, seed: 3, stop: ["END"] });
    assert.deepEqual(reply, { text: "[[A]]", end: "stop", model: "judge-1", promptTokens: 10, completionTokens: 5 });
    assert.equal(server.seen[0]?.path, "/v1/chat/completions");
    assert.deepEqual(server.seen[0].body, {
      ...{ model: "judge-1", messages: REQUEST.prompt, temperature: 0, top_p: 1, n: 1, max_tokens: 100 },
      ...{ seed: 3, stop: ["END"], stream: false },
    });
  });

  it("continues a text through /completions", async () => {
    const script = answers({ model: "m", choices: [{ text: " six", finish_reason: "length" }] });
    const { reply, server } = await exchange(script, {}, { ...REQUEST, prompt: "five" });
    assert.deepEqual(reply, { text: " six", end: "length", model: "m" });
    assert.equal(server.seen[0]?.path, "/v1/completions");
    assert.equal(server.seen[0].body["prompt"], "five");
  });

  it("takes base URLs with and without /v1, and refuses what is no address", () => {
    const server = (baseUrl: string): string => new ModelClient(settings(baseUrl)).server;
    assert.equal(server("http://127.0.0.1:8000"), "http://127.0.0.1:8000/v1");
    assert.equal(server("http://127.0.0.1:8000/v1/chat/completions"), "http://127.0.0.1:8000/v1");
    assert.equal(server("https://a.example/openai/v1/"), "https://a.example/openai/v1");
    for (const wrong of [
      "a.example/v1",
      "file:///etc/passwd",
      `https://me:${KEY}@a.example`,
      "https://a.example?k=1",
    ]) {
      assert.throws(
        () => server(wrong),
        (error: unknown) => error instanceof ServerError && !error.message.includes(KEY),
      );
    }
  });

  it("asks for the list of models once, and remembers what it says", () =>
    withServer(
      answers(chat("ok")),
      async (server) => {
        const client = new ModelClient(settings(server.baseUrl));
        await Promise.all([1, 2, 3].map(() => client.ask("m", REQUEST, NEVER)));
        assert.deepEqual(await client.probe(NEVER), { models: ["m"], program: "vLLM" });
        assert.equal(server.nRequests, 4);
      },
      answers({ object: "list", data: [{ id: "m", owned_by: "vllm" }] }),
    ));
});

describe("streams", () => {
  const streaming = { isStreaming: true } as const;

  it("are put together past comments, empty choices and pieces cut anywhere", async () => {
    const script: Script = (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const text = [
        ": keep-alive\r\n\r\n",
        `data: ${JSON.stringify(delta({ role: "assistant", content: "" }))}\r\n\r\n`,
        `data:${JSON.stringify(delta({ content: "wïn" }))}\n\n`,
        `data: ${JSON.stringify(delta({ content: "ner [[B]]" }, "stop"))}\n\n`,
        'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}\n\ndata: [DONE]\n\n',
      ].join("");
      for (const byte of Buffer.from(text)) response.write(Buffer.of(byte));
      response.end();
    };
    const { reply, server } = await exchange(script, streaming);
    const expected = { text: "wïnner [[B]]", end: "stop", model: "judge-1", promptTokens: 7, completionTokens: 2 };
    assert.deepEqual(reply, expected);
    assert.deepEqual(server.seen[0]?.body["stream_options"], { include_usage: true });
  });

  it("that are cut off, garbage or a web page are asked for again, then given up for this request alone", async () => {
    const cut: Script = (_, response) => events(response, delta({ content: "[[A]]" }));
    const garbage: Script = (_, response) => events(response, "data: {{{{\n\n");
    const { reply } = await exchange(
      inTurn(cut, garbage, (_, response) => events(response, delta({ content: "x" }, "stop"))),
      streaming,
    );
    assert.equal(reply.text, "x");
    const error = await failure(cut, streaming);
    assert.match(error.message, /stream that is cut off, 6 times/);
    assert.equal(error.isLocal, true);
  });

  it("may tell of an error in either shape", async () => {
    const nested: Script = (_, response) =>
      events(response, delta({ content: "a" }), { error: { message: "out of memory" } });
    const flat: Script = (_, response) => events(response, { object: "error", message: "queue is full", code: 503 });
    assert.match((await failure(nested, streaming)).message, /out of memory/);
    assert.match((await failure(flat, streaming)).message, /queue is full/);
  });

  it("may be whole answers after all", async () => {
    assert.equal((await asked(answers(chat("[[C]]")), streaming)).text, "[[C]]");
  });
});

describe("replies", () => {
  const textOf = async (content: unknown): Promise<ModelReply> => asked(answers(chat(content)));

  it("are free of thoughts, however they come", async () => {
    const inField = answers({
      choices: [{ message: { content: "[[B]]", reasoning_content: "[[A]]?" }, finish_reason: "stop" }],
    });
    assert.deepEqual(await asked(inField), { text: "[[B]]", reasoning: "[[A]]?", end: "stop" });
    const thinking = await textOf("<think>[[A]]? No.</think>\n[[B]]");
    assert.deepEqual([thinking.text, thinking.reasoning], ["[[B]]", "[[A]]? No."]);
    assert.equal((await textOf("maybe [[A]]</think>[[B]]")).text, "[[B]]");
    assert.equal((await textOf("<think>[[A]] is")).text, "");
    assert.equal(
      (await textOf("The answer quotes <think>x</think> as text")).text,
      "The answer quotes <think>x</think> as text",
    );
  });

  it("come in parts, are refused, or are cut off at their longest", async () => {
    const parts = [
      { type: "text", text: "[[" },
      { type: "text", text: "A]]" },
    ];
    assert.equal((await textOf(parts)).text, "[[A]]");
    const refusal = answers({ choices: [{ message: { content: null, refusal: "I cannot" }, finish_reason: "stop" }] });
    assert.deepEqual(await asked(refusal), { text: "I cannot", end: "refused" });
    assert.equal((await asked(answers(chat("", { finish: "content_filter" })))).end, "refused");
    assert.equal((await asked(answers(chat("[[A]]", { finish: "length" })))).end, "length");
    assert.equal((await textOf("")).text, "");
  });
});

describe("what a server does not take", () => {
  it("changes max_tokens to max_completion_tokens, once for all", () =>
    withServer(
      (seen, response) => {
        if ("max_completion_tokens" in seen.body) {
          json(response, chat("ok"));
          return;
        }
        const message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.";
        json(response, { error: { message, type: "invalid_request_error", param: "max_tokens" } }, 400);
      },
      async (server) => {
        const client = new ModelClient(settings(server.baseUrl));
        for (const _ of [1, 2]) assert.equal((await client.ask("m", REQUEST, NEVER)).text, "ok");
        assert.deepEqual(
          server.seen.map(({ body }) => "max_tokens" in body),
          [true, false, false],
        );
      },
    ));

  it("is left out: a temperature, a seed", async () => {
    const { server } = await exchange(
      (seen, response) => {
        const wrong = ["temperature", "seed"].find((name) => name in seen.body);
        if (wrong === undefined) {
          json(response, chat("ok"));
          return;
        }
        json(response, { error: { message: `Unsupported value: '${wrong}'`, param: wrong } }, 400);
      },
      {},
      { ...REQUEST, seed: 1 },
    );
    assert.equal(server.seen.length, 3);
  });

  it("is an error of this request where nothing can be left out", async () => {
    const tooLong = answers({ object: "error", message: "maximum context length is 4096", code: 400 }, 400);
    const error = await failure(tooLong);
    assert.deepEqual([error.fault, error.isLocal], ["request", true]);
    assert.match(error.message, /maximum context length/);
    const tgi = await failure(
      answers({ error: "Input validation error: `stop` too long", error_type: "validation" }, 422),
    );
    assert.match(tgi.message, /Input validation error/);
  });
});

describe("errors that pass", () => {
  for (const status of [408, 409, 429, 500, 502, 503]) {
    it(`${status} is asked again`, async () => {
      assert.equal((await asked(inTurn(answers({ error: "busy" }, status), answers(chat("ok"))))).text, "ok");
    });
  }

  it("end in one for all requests, when there were only such", async () => {
    const error = await failure(answers({ error: { message: "overloaded", code: 503 } }, 503));
    assert.deepEqual([error.fault, error.status, error.isLocal], ["busy", 503, false]);
    assert.match(error.message, /has no time \(503\): overloaded, 6 times/);
  });

  it("wait for as long as the server says, and a little more", async () => {
    const waits: number[] = [];
    const clock: Clock = {
      now: () => waits.reduce((sum, ms) => sum + ms, 0),
      wait: (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
    };
    const limited = answers({}, 429, { "retry-after": "7" });
    assert.equal((await asked(inTurn(limited, answers(chat("ok"))), { clock })).text, "ok");
    assert.deepEqual(waits, [7000.5]);
    assert.equal(askedWait({ "retry-after-ms": "250", "retry-after": "9" }, 0), 250);
    assert.equal(askedWait({ "retry-after": "Thu, 01 Jan 1970 00:00:05 GMT" }, 2000), 3000);
    assert.equal(askedWait({ "retry-after": "soon" }, 0), undefined);
    assert.equal(askedWait({ "retry-after": "-3" }, 0), 0);
  });

  it("are given up at once when the server asks for more than a quarter of an hour", async () => {
    const error = await failure(answers({}, 429, { "retry-after": "86400" }));
    assert.equal(error.fault, "busy");
  });

  it("are broken connections, too", async () => {
    const broken: Script = (_, response) => response.destroy();
    const half: Script = (_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('{"choices"');
      setImmediate(() => response.destroy());
    };
    assert.equal((await asked(inTurn(broken, half, answers(chat("ok"))))).text, "ok");
    assert.equal((await failure(broken)).fault, "unreachable");
  });

  it("are a server that is not there", async () => {
    const server = await scriptedServer(answers(chat("ok")));
    await server.close();
    const client = new ModelClient(settings(server.baseUrl));
    await assert.rejects(client.ask("m", REQUEST, NEVER), /cannot be reached \(ECONNREFUSED\), 6 times/);
  });

  it("are a server that is slow, before its answer or in the middle of it", async () => {
    const silent: Script = () => undefined;
    const dripping: Script = (_, response) => void response.writeHead(200).write("{");
    for (const script of [silent, dripping]) {
      const error = await failure(script, { deadlineMs: 30 });
      assert.equal(error.fault, "slow");
    }
  });
});

describe("errors that stay", () => {
  it("are a wrong key, a model that is not there, an empty account: nothing is asked twice", async () => {
    const cases = [
      [401, { error: { message: "Incorrect API key provided: sk-12***89" } }, "key"],
      [403, { detail: "no" }, "key"],
      [404, { object: "error", message: "The model `judge-1` does not exist.", code: 404 }, "missing"],
      [429, { error: { message: "You exceeded your current quota", code: "insufficient_quota" } }, "credit"],
      [402, { error: { message: "pay" } }, "credit"],
    ] as const;
    for (const [status, body, fault] of cases) {
      await withServer(answers(body, status), async (server) => {
        const client = new ModelClient(settings(server.baseUrl));
        await assert.rejects(client.ask("judge-1", REQUEST, NEVER), (error: unknown) => {
          assert.ok(error instanceof ServerError);
          assert.equal(error.fault, fault);
          assert.equal(error.isLocal, false);
          assert.doesNotMatch(error.message, /sk-12/);
          return true;
        });
        assert.equal(server.seen.length, 1);
      });
    }
  });

  it("are web pages in place of replies", async () => {
    const page: Script = (_, response) =>
      response.writeHead(200, { "content-type": "text/html" }).end("<html>Log in</html>");
    const error = await failure(page);
    assert.equal(error.fault, "address");
    assert.match(error.message, /answers with a web page: <html>Log in<\/html>; .*\/v1/);
  });

  it("are answers that never end", async () => {
    const flood: Script = (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const piece = Buffer.alloc(1 << 20, 32);
      const more = (): void => {
        while (!response.destroyed && response.write(piece));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    };
    assert.match((await failure(flood)).message, /answer of more than/);
  }).timeout(60_000);
});

describe("answers that are no replies", () => {
  const broken: Script = (_, response) =>
    void response
      .writeHead(200, { "content-type": "application/json" })
      .end(`{"choices": [\u001b[31m${"x".repeat(500)}`);

  it("are counted and noted soon, with what came", async () => {
    const told: string[] = [];
    await withServer(broken, async ({ baseUrl }) => {
      const client = new ModelClient(settings(baseUrl, { tell: (message) => told.push(message) }));
      await assert.rejects(client.ask("m", REQUEST, NEVER));
      const shown = `{"choices": [\\x1b[31m${"x".repeat(200)}`.slice(0, 200);
      const sends = `sends an answer that is not a reply: ${shown}…`;
      assert.deepEqual(told, [`${baseUrl}: ${sends}; 5 answers so far are no replies, and are asked for again`]);
    });
  });

  it("and nothing else for a while end all requests that are under way, and not those of later", async () => {
    let isWell = false;
    const script: Script = (seen, response, index) =>
      isWell ? json(response, chat("ok")) : broken(seen, response, index);
    await withServer(script, async (server) => {
      // Minutes of waiting pass at once.
      let now = 0;
      const clock = {
        now: () => now,
        wait: async (ms: number, signal: AbortSignal) => {
          now += ms;
          await new Promise((resolve) => setImmediate(resolve));
          signal.throwIfAborted();
        },
      };
      const client = new ModelClient(settings(server.baseUrl, { clock, firstWaitMs: 1000 }));
      const asked = Array.from({ length: 16 }, async () => client.ask("m", REQUEST, NEVER));
      const ends = await Promise.allSettled(asked);
      const errors = ends.map((one) => (one.status === "rejected" ? (one.reason as ServerError) : assert.fail()));
      assert.ok(errors.some(({ isLocal }) => !isLocal));
      const last = errors.find(({ isLocal }) => !isLocal);
      assert.match(
        last?.message ?? "",
        /^http.* sends an answer that is not a reply: \{"choices".*…, \d\d times; what was/,
      );
      assert.equal(last?.fault, "garbled");
      assert.ok(server.seen.length < 16 * 6, `${server.seen.length} requests`);
      isWell = true;
      assert.equal((await client.ask("m", REQUEST, NEVER)).text, "ok");
    });
  });

  it("to one question do not end others, even where only one is asked at a time", () =>
    withServer(
      (seen, response, index) =>
        JSON.stringify(seen.body).includes("choke") ? broken(seen, response, index) : json(response, chat("ok")),
      async ({ baseUrl }) => {
        const client = new ModelClient(settings(baseUrl, { concurrency: 1 }));
        for (let at = 0; at < 4; at++) {
          const choking = client.ask("m", { ...REQUEST, prompt: [{ role: "user", content: `choke ${at}` }] }, NEVER);
          await assert.rejects(choking, { isLocal: true });
          assert.equal((await client.ask("m", REQUEST, NEVER)).text, "ok");
        }
      },
    ));

  it("may be a web page for a moment, where the server has replied before", async () => {
    const page: Script = (_, response) =>
      void response.writeHead(200, { "content-type": "text/html" }).end("<html>Back soon");
    const script = inTurn(answers(chat("one")), page, answers(chat("two")));
    await withServer(script, async ({ baseUrl }) => {
      const client = new ModelClient(settings(baseUrl));
      await client.ask("m", REQUEST, NEVER);
      assert.equal((await client.ask("m", REQUEST, NEVER)).text, "two");
    });
  });
});

describe("redirections", () => {
  it("are followed on the same server, with the key", async () => {
    const script: Script = (seen, response) => {
      if (seen.path === "/v1/chat/completions") response.writeHead(307, { location: "/v2/chat" }).end();
      else json(response, chat(seen.headers.authorization === `Bearer ${KEY}` ? "with key" : "without"));
    };
    assert.equal((await asked(script, { key: KEY })).text, "with key");
  });

  it("to another host carry neither key nor prompt", () =>
    withServer(answers(chat("stolen")), async (other) => {
      const target = `${other.origin.replace("127.0.0.1", "localhost")}/v1/chat/completions`;
      const error = await failure((_, response) => response.writeHead(307, { location: target }).end(), { key: KEY });
      assert.equal(error.fault, "moved");
      assert.equal(other.nRequests, 0);
    }));

  it("in a circle end", async () => {
    const error = await failure((_, response) => response.writeHead(308, { location: "/v1/chat/completions" }).end());
    assert.equal(error.fault, "moved");
  });
});

describe("a key", () => {
  it("is in the header and nowhere else, whatever the server sends back", async () => {
    const echo = (seen: { readonly headers: { readonly authorization?: string | undefined } }): string =>
      `${seen.headers.authorization ?? ""} ${Buffer.from(KEY).toString("base64")}`;
    const scripts: readonly Script[] = [
      (seen, response) => json(response, { error: { message: echo(seen) } }, 400),
      (seen, response) => json(response, { error: { message: echo(seen) } }, 500),
      (seen, response) => json(response, { error: echo(seen) }, 401),
      (seen, response) => json(response, { object: "error", message: echo(seen) }, 404),
      (seen, response) =>
        response.writeHead(302, { location: `https://else.example/${encodeURIComponent(echo(seen))}` }).end(),
      (seen, response) => response.writeHead(200).end(`<html>${echo(seen)}`),
      (seen, response) => response.writeHead(200).end(`{${" ".repeat(100)}${"x".repeat(190)}${echo(seen)}`),
      (_, response) => response.destroy(),
      (seen, response) => json(response, chat(echo(seen), { model: echo(seen) })),
      (seen, response) =>
        json(response, {
          choices: [{ message: { reasoning: echo(seen), content: "", refusal: echo(seen) }, finish_reason: "stop" }],
        }),
      (seen, response) =>
        events(response, ...Array.from(echo(seen), (content) => delta({ content })), delta({}, "stop")),
      (seen, response) => events(response, { error: { message: echo(seen) } }),
    ];
    for (const [index, script] of scripts.entries()) {
      let saw = false;
      await withServer(
        (seen, response, at) => {
          saw ||= seen.headers.authorization === `Bearer ${KEY}`;
          return script(seen, response, at);
        },
        async ({ baseUrl }) => {
          const client = new ModelClient(settings(baseUrl, { key: KEY }));
          const came: unknown = await client.ask("m", REQUEST, NEVER).catch((error: unknown) => error);
          assert.ok(saw, `script ${index} saw the key`);
          const shown = [inspect(came, { depth: 20, showHidden: true }), JSON.stringify(came)];
          if (came instanceof Error) shown.push(came.message, came.stack ?? "");
          for (const text of shown) {
            assert.ok(!text.includes(KEY), `script ${index}: ${text}`);
            assert.ok(!text.includes(Buffer.from(KEY).toString("base64")), `script ${index}: ${text}`);
          }
        },
      );
    }
  });

  it("is not sent over http to other machines unless that is allowed, and must be one word", () => {
    const made = (more: Partial<EndpointSettings>) => () => new ModelClient(settings("http://10.0.0.7:8000", more));
    assert.throws(made({ key: KEY }), /over http/);
    assert.doesNotThrow(made({ key: KEY, allowsPlainKey: true }));
    assert.doesNotThrow(made({}));
    assert.throws(
      made({ key: `${KEY}\r\nx: y`, allowsPlainKey: true }),
      (error: Error) => !error.message.includes(KEY),
    );
  });
});

describe("limits", () => {
  const slowly =
    (ms: number): Script =>
    (_, response) =>
      setTimeout(() => json(response, chat("ok")), ms);

  it("keep as many requests open as are allowed, and no more", () =>
    withServer(slowly(15), async (server) => {
      const client = new ModelClient(settings(server.baseUrl, { concurrency: 3 }));
      await Promise.all(Array.from({ length: 12 }, () => client.ask("m", REQUEST, NEVER)));
      assert.equal(server.mostOpen, 3);
      client.close();
    }));

  it("leave a slot free for others once a request is cancelled, in the queue or under way", () =>
    withServer(
      (_, response, index) => {
        if (index > 0) json(response, chat("ok"));
      },
      async (server) => {
        const client = new ModelClient(settings(server.baseUrl, { concurrency: 1 }));
        const [first, second] = [new AbortController(), new AbortController()];
        const open = client.ask("m", REQUEST, first.signal);
        while (server.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
        const queued = client.ask("m", REQUEST, second.signal);
        const third = client.ask("m", REQUEST, NEVER);
        const [stopped, left] = [new Error("stopped"), new Error("left")];
        second.abort(left);
        await assert.rejects(queued, left);
        first.abort(stopped);
        await assert.rejects(open, stopped);
        assert.equal((await third).text, "ok");
        client.close();
      },
    ));

  it("spread requests and tokens over minutes", async () => {
    let time = 0;
    const clock: Clock = {
      now: () => time,
      async wait(ms) {
        time += ms;
        await Promise.resolve();
      },
    };
    await withServer(answers(chat("ok")), async ({ baseUrl }) => {
      const client = new ModelClient(settings(baseUrl, { clock, requestsPerMinute: 2 }));
      for (let index = 0; index < 5; index++) await client.ask("m", REQUEST, NEVER);
      assert.equal(time, 120_000);
      time = 0;
      // Estimated at 107 tokens beforehand, 15 when over: the second fits in beside the first, the seventh does not.
      const frugal = new ModelClient(settings(baseUrl, { clock, tokensPerMinute: 180 }));
      for (let index = 0; index < 5; index++) await frugal.ask("m", REQUEST, NEVER);
      assert.equal(time, 0);
      await frugal.ask("m", REQUEST, NEVER);
      assert.equal(time, 60_000);
    });
  });

  it("open a circuit after five failures in a row: then one request at a time finds out", () =>
    withServer(
      (_, response, index) => (index < 9 ? json(response, { error: "down" }, 500) : json(response, chat("ok"))),
      async (server) => {
        const client = new ModelClient(settings(server.baseUrl, { concurrency: 4, firstWaitMs: 5 }));
        const replies = Array.from({ length: 4 }, async () => (await client.ask("m", REQUEST, NEVER)).text);
        assert.deepEqual(await Promise.all(replies), ["ok", "ok", "ok", "ok"]);
        // 9 failures and 4 answers, with no request wasted in between.
        assert.equal(server.seen.length, 13);
        client.close();
      },
    ));

  it("can be cancelled while a server is left alone", () =>
    withServer(answers({ error: "down" }, 500), async (server) => {
      const client = new ModelClient(settings(server.baseUrl, { concurrency: 8, firstWaitMs: 20_000 }));
      const controller = new AbortController();
      const asks = Array.from({ length: 8 }, () => client.ask("m", REQUEST, controller.signal));
      while (server.seen.length < 5) await new Promise((resolve) => setImmediate(resolve));
      controller.abort(new Error("stopped"));
      for (const ask of asks) await assert.rejects(ask, /stopped/);
      client.close();
    }));
});
