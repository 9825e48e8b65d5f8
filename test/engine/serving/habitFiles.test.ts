import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { ModelClient } from "../../../engine/serving/client/index.ts";
import { HabitFiles } from "../../../engine/serving/habitFiles.ts";
import type { ModelRequest } from "../../../engine/protocol/modelCalls.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { type Script, type ScriptedServer, chat, json, withServer } from "./scriptedServer.ts";

const KEY = "sk-marker-0123456789-never-seen";
const NEVER = new AbortController().signal;
const REQUEST: ModelRequest = {
  ...{ prompt: [{ role: "user", content: "Who wins?" }], temperature: 0, maxTokens: 100, seed: 1 },
};
const DAY_MS = 24 * 3600 * 1000;

/** Takes no seed, and one of the words for the longest reply. */
const picky =
  (longest: () => string): Script =>
  ({ body }, response) => {
    const other = ["max_tokens", "max_completion_tokens"].find((name) => name in body && name !== longest());
    if (other !== undefined) {
      const message = `Unsupported parameter: '${other}'. Use '${longest()}' instead.`;
      json(response, { error: { message, param: other } }, 400);
      return;
    }
    if ("seed" in body) {
      json(response, { detail: "extra field not permitted: seed" }, 422);
      return;
    }
    json(response, chat("ok"));
  };
const newest = picky(() => "max_completion_tokens");

const models: Script = (_, response) => json(response, { data: [{ id: "m", owned_by: "vllm" }] });

/** Asks as a process of its own would. @returns Requests that it took: for the list of models, and for the reply. */
async function took(
  server: ScriptedServer,
  root: string,
  { now, model = "m", request = REQUEST }: { now?: () => number; model?: string; request?: ModelRequest } = {},
): Promise<{ readonly listed: number; readonly asked: number }> {
  const [requests, asked] = [server.nRequests, server.seen.length];
  const memory = new HabitFiles(root, now);
  const settings = { concurrency: 8, deadlineMs: 20_000, firstWaitMs: 1, key: KEY, memory };
  const client = new ModelClient({ baseUrl: server.baseUrl, ...settings });
  try {
    assert.equal((await client.ask(model, request, NEVER)).text, "ok");
  } finally {
    client.close();
  }
  const nAsked = server.seen.length - asked;
  return { listed: server.nRequests - requests - nAsked, asked: nAsked };
}

async function habitsFile(root: string): Promise<string> {
  const [folder = ""] = await fs.readdir(path.join(root, "calls"));
  return path.join(root, "calls", folder, "habits.json");
}

const FOUND = { listed: 1, asked: 3 };
const KNOWN = { listed: 0, asked: 1 };

describe("what was learned of a server", () => {
  it("is there for the next process, for the same model at the same address, for a week", () =>
    inTemporaryFolder((root) =>
      withServer(
        newest,
        async (server) => {
          assert.deepEqual(await took(server, root), FOUND);
          assert.deepEqual(await took(server, root), KNOWN);
          assert.deepEqual(await took(server, root, { model: "n" }), FOUND);
          await withServer(newest, async (other) => assert.deepEqual(await took(other, root), FOUND), models);
          const later = Date.now() + 6.9 * DAY_MS;
          assert.deepEqual(await took(server, root, { now: () => later }), KNOWN);
          assert.deepEqual(await took(server, root, { now: () => later + DAY_MS }), FOUND);
          // Kept then, it comes from the future now: a clock that was wrong.
          assert.deepEqual(await took(server, root), FOUND);
        },
        models,
      ),
    ));

  it("is forgotten once the server refuses a request for it, and learned again", () =>
    inTemporaryFolder(async (root) => {
      let longest = "max_completion_tokens";
      await withServer(
        picky(() => longest),
        async (server) => {
          assert.deepEqual(await took(server, root), FOUND);
          longest = "max_tokens"; // another program at the same address
          assert.deepEqual(await took(server, root), { listed: 0, asked: 3 });
          assert.deepEqual(await took(server, root), KNOWN);
        },
        models,
      );
    }));

  it("stays when a request is refused for what it says", () =>
    inTemporaryFolder((root) =>
      withServer(
        (seen, response, index) => {
          const isLong = JSON.stringify(seen.body["messages"]).includes("long");
          if (isLong) json(response, { object: "error", message: "maximum context length is 4096" }, 400);
          else newest(seen, response, index);
        },
        async (server) => {
          await took(server, root);
          const request = { ...REQUEST, prompt: [{ role: "user", content: "long" }] } as const;
          await assert.rejects(took(server, root, { request }), /maximum context length/);
          assert.deepEqual(await took(server, root), KNOWN);
        },
        models,
      ),
    ));

  it("changes requests that are under way, too", () =>
    inTemporaryFolder((root) => {
      const waiting: (() => unknown)[] = [];
      return withServer(
        (seen, response, index) => {
          if (index >= 8) return newest(seen, response, index);
          waiting.push(() => newest(seen, response, index));
          if (waiting.length === 8) for (const answer of waiting) answer();
          return undefined;
        },
        async ({ baseUrl }) => {
          const memory = new HabitFiles(root);
          const client = new ModelClient({ baseUrl, concurrency: 8, deadlineMs: 20_000, memory });
          const replies = await Promise.all(Array.from({ length: 8 }, () => client.ask("m", REQUEST, NEVER)));
          assert.ok(replies.every(({ text }) => text === "ok"));
          client.close();
        },
      );
    }));

  it("is found again where the file is damaged, hostile, a link or a folder, or cannot be kept", () =>
    inTemporaryFolder((root) =>
      withServer(
        newest,
        async (server) => {
          await took(server, root);
          const file = await habitsFile(root);
          const whole = JSON.parse(await fs.readFile(file, "utf8")) as object;
          const texts = [
            ...["", "{", "[]", "null", "[".repeat(4000), `"${"x".repeat(5000)}"`],
            ...[{ version: 2 }, { omitted: ["messages"] }, { omitted: "seed" }, { longest: "n" }, { time: "now" }].map(
              (wrong) => JSON.stringify({ ...whole, ...wrong }),
            ),
            JSON.stringify({ ...whole, headers: { authorization: "x" } }),
          ];
          for (const text of texts) {
            await fs.writeFile(file, text);
            assert.deepEqual(await took(server, root), FOUND, text.slice(0, 80));
            assert.deepEqual(await took(server, root), KNOWN, text.slice(0, 80));
          }
          const elsewhere = path.join(root, "elsewhere");
          await fs.rename(file, elsewhere);
          await fs.symlink(elsewhere, file);
          assert.deepEqual(await took(server, root), FOUND, "a link");
          await fs.rm(file);
          await fs.mkdir(file);
          for (const _ of [1, 2]) assert.deepEqual(await took(server, root), FOUND, "a folder");
          await fs.rm(path.join(root, "calls"), { recursive: true });
          await fs.writeFile(path.join(root, "calls"), "");
          for (const _ of [1, 2]) assert.deepEqual(await took(server, root), FOUND, "no folder");
        },
        models,
      ),
    ));

  it("holds no key and no header, whatever the server sends back", () =>
    inTemporaryFolder((root) =>
      withServer(
        ({ body, headers }, response) => {
          const said = headers.authorization ?? "";
          assert.ok(said.includes(KEY));
          const wrong = ["max_tokens", "seed"].find((name) => name in body);
          if (wrong === undefined) {
            json(response, chat("ok", { model: said }));
            return;
          }
          const message = `Unsupported: ${said} '${wrong}', use max_completion_tokens`;
          json(response, { error: { message, code: said, param: wrong } }, 400, { "x-echo": said });
        },
        async (server) => {
          await took(server, root);
          const file = await habitsFile(root);
          const text = await fs.readFile(file, "utf8");
          const form = /^\{"version":1,"time":\d+,"longest":"max_completion_tokens","omitted":\["seed"\]\}\n$/;
          assert.match(text, form);
          assert.ok(!file.includes(new URL(server.baseUrl).port), "nor the address");
        },
        (seen, response) => json(response, { data: [{ id: seen.headers.authorization, owned_by: KEY }] }),
      ),
    ));
});
