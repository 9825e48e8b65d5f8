import assert from "node:assert/strict";
import type { ChatPiece } from "../../../engine/protocol/chatPanel.ts";
import { streamAnswer } from "../../../extension/engine/chatClient.ts";
import { ChatServer, type RunServer } from "../../../extension/engine/chatServer.ts";
import { ServiceError } from "../../../extension/engine/errors.ts";
import { json, withServer } from "../../engine/serving/scriptedServer.ts";
import { withServed } from "../../engine/serving/server/served.ts";

const QUESTION = { prompt: "one two three", system: "", temperature: 0, maxTokens: 6, seed: 1 };
const TOKEN = "a-token-for-tests";

describe("the chat's client of the engine's server", function () {
  this.timeout(30_000);

  it("hands on an answer token by token", () =>
    withServed({ token: TOKEN }, async ({ baseUrl }) => {
      const pieces: ChatPiece[] = [];
      const end = await streamAnswer({ baseUrl, token: TOKEN, model: "pico" }, QUESTION, {
        signal: new AbortController().signal,
        onPiece: (piece) => pieces.push(piece),
      });
      assert.ok(["stop", "length"].includes(end));
      const tokens = pieces.flatMap((piece) => piece.tokens);
      assert.ok(tokens.length > 0 && tokens.every(({ logprob, top }) => logprob <= 0 && top.length === 5));
      assert.ok(pieces.map(({ text }) => text).join("").length > 0);
    }));

  it("hands on refusals in the server's words", () =>
    withServed({ token: TOKEN }, async ({ baseUrl }) => {
      const listening = { signal: new AbortController().signal, onPiece: () => undefined };
      const ask = (token: string, prompt: string): Promise<unknown> =>
        streamAnswer({ baseUrl, token, model: "pico" }, { ...QUESTION, prompt }, listening);
      await assert.rejects(ask("wrong", "one"), /the token is missing or wrong/);
      await assert.rejects(ask(TOKEN, "one ".repeat(100)), /this model's context length is 60/);
    }));

  it("ends with its signal, and frees the server", () =>
    withServed({ context: 100_000 }, async ({ baseUrl, models }) => {
      const controller = new AbortController();
      const question = { ...QUESTION, temperature: 3, maxTokens: 90_000 };
      const asking = streamAnswer({ baseUrl, token: "", model: "pico" }, question, {
        signal: controller.signal,
        onPiece: () => controller.abort(),
      });
      await assert.rejects(asking, { name: "AbortError" });
      while (models[0]?.scheduler.load.running !== 0) await fetch(`${baseUrl}/models`);
    }));

  it("says what to do where the server breaks off", () =>
    withServer(
      (_, response, index) => {
        if (index === 0) response.destroy();
        else if (index === 1) response.writeHead(200).end("data: {}\n\n");
        else json(response, { error: "garbage" }, 500);
      },
      async ({ baseUrl }) => {
        const listening = { signal: new AbortController().signal, onPiece: () => undefined };
        const ask = (): Promise<unknown> => streamAnswer({ baseUrl, token: "", model: "m" }, QUESTION, listening);
        for (const message of [/broke off/, /broke off/, /garbage/]) {
          await assert.rejects(ask(), (error: unknown) => error instanceof ServiceError && message.test(error.message));
        }
      },
    ));
});

describe("the chat's server", () => {
  const MODELS = ["a", "b"].map((name) => ({ name, folder: `/m/${name}` }));

  /** A process that says what it is asked to say, and ends when it is asked to. */
  function process(): { readonly run: RunServer; readonly calls: Parameters<RunServer>[]; end(error?: Error): void } {
    const calls: Parameters<RunServer>[] = [];
    let settle: (error?: Error) => void = () => undefined;
    return {
      calls,
      end: (error) => settle(error),
      run: (...call) => {
        calls.push(call);
        return new Promise((resolve, reject) => {
          settle = (error) => (error === undefined ? resolve(undefined) : reject(error));
          call[1].signal.addEventListener("abort", () => reject(new Error("cancelled")));
        });
      },
    };
  }

  it("is ready once the process says where it serves, and keeps the token off the command line", async () => {
    const { run, calls } = process();
    const server = new ChatServer(run, MODELS);
    const [call] = calls;
    assert.ok(call);
    const [args, { env, onLine }] = call;
    assert.deepEqual(args.slice(0, 3), ["serve-model", "model-1=/m/a", "model-2=/m/b"]);
    const [variable = "", token = ""] = Object.entries(env)[0] ?? [];
    assert.match(token, /^[0-9a-f]{64}$/);
    assert.ok(args.includes(variable) && !args.includes(token));
    onLine({ kind: "note" });
    onLine({ kind: "serving", baseUrl: "http://127.0.0.1:1/v1" });
    await server.ready;
    assert.deepEqual(server.address(1), { baseUrl: "http://127.0.0.1:1/v1", token, model: "model-2" });
    server.close();
    assert.equal(await server.ended, undefined);
  });

  it("hands on why the process ended", async () => {
    const failing = process();
    const server = new ChatServer(failing.run, MODELS);
    failing.end(new Error("/m/a: no such checkpoint"));
    await assert.rejects(server.ready, /no such checkpoint/);
    assert.equal(await server.ended, "/m/a: no such checkpoint");
    const ending = process();
    const other = new ChatServer(ending.run, MODELS);
    ending.end();
    assert.equal(await other.ended, "The model server has ended");
  });
});
