import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { CallStore } from "../../../engine/serving/callStore.ts";
import { ModelClient } from "../../../engine/serving/client/index.ts";
import { BudgetSpent, ModelCalls, type ModelCallsSettings, Purse } from "../../../engine/serving/modelCalls.ts";
import type { ModelRequest } from "../../../engine/protocol/modelCalls.ts";
import { DataError } from "../../../engine/protocol/errors.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { chat, json, lastMessage, withServer } from "./scriptedServer.ts";

const NEVER = new AbortController().signal;
const KEY = "sk-marker-0123456789-never-seen";

const about = (content: string): ModelRequest => ({
  prompt: [{ role: "user", content }],
  temperature: 0,
  maxTokens: 100,
});

function calls(root: string, baseUrl: string, more: Partial<ModelCallsSettings> = {}): ModelCalls {
  return new ModelCalls({
    client: new ModelClient({ baseUrl, concurrency: 4, deadlineMs: 5000, firstWaitMs: 1, key: KEY }),
    ...{ model: "m", price: { input: 1, output: 1 }, purse: new Purse(), root, run: "run-1" },
    ...more,
  });
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await fs.readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

async function storeFile(root: string): Promise<string> {
  const [file = ""] = await filesBelow(path.join(root, "calls"));
  return file;
}

/** Echoes the question. */
const echo = (seen: Parameters<typeof lastMessage>[0], response: Parameters<typeof json>[0]): void =>
  json(response, chat(`re: ${lastMessage(seen)}`));

describe("calls of a model", () => {
  it("are kept by their content: what was asked once is not asked again, in this process or another", () =>
    inTemporaryFolder(async (root) =>
      withServer(echo, async ({ baseUrl, seen }) => {
        const first = calls(root, baseUrl);
        const reply = await first.ask(about("x"), 0, NEVER);
        assert.deepEqual([reply.text, reply.price, reply.isKept], ["re: x", 15e-6, false]);
        const again = calls(root, baseUrl, { run: "run-2" });
        const kept = await again.ask(about("x"), 0, NEVER);
        assert.deepEqual([kept.text, kept.price, kept.isKept], ["re: x", 0, true]);
        assert.equal(seen.length, 1);
        // Another sample, another setting, another model: other calls.
        await again.ask(about("x"), 1, NEVER);
        await again.ask({ ...about("x"), maxTokens: 99 }, 0, NEVER);
        await calls(root, baseUrl, { model: "n" }).ask(about("x"), 0, NEVER);
        assert.equal(seen.length, 4);
      }),
    ));

  it("that are under way are not made twice", () =>
    inTemporaryFolder(async (root) =>
      withServer(echo, async ({ baseUrl, seen }) => {
        const model = calls(root, baseUrl);
        const replies = await Promise.all([1, 2, 3].map(() => model.ask(about("x"), 0, NEVER)));
        assert.deepEqual(replies.map(({ isKept }) => isKept).sort(), [false, true, true]);
        assert.equal(seen.length, 1);
      }),
    ));

  it("are there for another run that shares the store at the same time", () =>
    inTemporaryFolder(async (root) =>
      withServer(echo, async ({ baseUrl, seen }) => {
        const [one, other] = [calls(root, baseUrl), calls(root, baseUrl)];
        for (let index = 0; index < 20; index++) {
          await (index % 2 === 0 ? one : other).ask(about(`q${index}`), 0, NEVER);
        }
        for (let index = 0; index < 20; index++) {
          const { text, isKept } = await (index % 2 === 0 ? other : one).ask(about(`q${index}`), 0, NEVER);
          assert.deepEqual([text, isKept], [`re: q${index}`, true]);
        }
        assert.equal(seen.length, 20);
      }),
    ));

  it("survive a store that is cut off or damaged anywhere: only what was lost is asked again", () =>
    inTemporaryFolder(async (root) =>
      withServer(echo, async ({ baseUrl, seen }) => {
        const first = calls(root, baseUrl);
        for (const name of ["a", "b", "c"]) await first.ask(about(name), 0, NEVER);
        const file = await storeFile(root);
        const whole = await fs.readFile(file);
        for (let cut = 0; cut < whole.length; cut += 41) {
          const before = seen.length;
          await fs.writeFile(file, whole.subarray(0, cut));
          const lines = whole
            .subarray(0, cut + 1)
            .toString()
            .split("\n")
            .filter((line) => line.endsWith("}")).length;
          const model = calls(root, baseUrl);
          for (const name of ["a", "b", "c"])
            assert.equal((await model.ask(about(name), 0, NEVER)).text, `re: ${name}`);
          assert.equal(seen.length - before, 3 - lines, `cut at ${cut}`);
          model.close();
        }
        const spoiled = Buffer.from(whole);
        spoiled.fill(0, 60, 90);
        await fs.writeFile(file, spoiled);
        const before = seen.length;
        const model = calls(root, baseUrl);
        for (const name of ["a", "b", "c"]) await model.ask(about(name), 0, NEVER);
        assert.equal(seen.length - before, 1);
      }),
    ));

  it("of writers that are killed in the middle leave a store that others read and extend", () =>
    inTemporaryFolder(async (root) => {
      const store = new URL("../../../engine/serving/callStore.ts", import.meta.url).href;
      const program = `
        import { CallStore } from ${JSON.stringify(store)};
        const store = new CallStore(${JSON.stringify(root)}, { server: "s", model: "m" });
        const text = "x".repeat(20000);
        for (let sample = 0; ; sample++) {
          const request = { prompt: process.argv[1], temperature: 0, maxTokens: 1 };
          const key = store.keyOf({ request, sample });
          await store.add({ key, run: "r", price: 0, reply: { text, end: "stop" } });
          if (sample === 200) process.send("far");
        }`;
      const args = ["--input-type=module", "-e", program];
      const writers = ["one", "two", "three"].map((name) =>
        spawn(process.execPath, [...args, name], { stdio: ["ignore", "inherit", "inherit", "ipc"] }),
      );
      for (const writer of writers) {
        await new Promise((resolve) => writer.once("message", resolve));
        writer.kill("SIGKILL");
        await new Promise((resolve) => writer.once("exit", resolve));
      }
      const read = new CallStore(root, { server: "s", model: "m" });
      for (const prompt of ["one", "two", "three"]) {
        for (let sample = 0; sample < 200; sample++) {
          const key = read.keyOf({ request: { prompt, temperature: 0, maxTokens: 1 }, sample });
          assert.equal((await read.find(key))?.reply.text.length, 20_000, `${prompt} ${sample}`);
        }
      }
    }));

  it("refuse a store that is a link, or lies behind one", () =>
    inTemporaryFolder(async (root) =>
      withServer(echo, async ({ baseUrl }) => {
        await fs.mkdir(path.join(root, "elsewhere"));
        await fs.symlink(path.join(root, "elsewhere"), path.join(root, "calls"));
        await assert.rejects(calls(root, baseUrl).ask(about("x"), 0, NEVER), DataError);
        assert.deepEqual(await fs.readdir(path.join(root, "elsewhere")), []);
      }),
    ));

  it("hold no key, also where a server sends it back", () =>
    inTemporaryFolder(async (root) =>
      withServer(
        (seen, response) => json(response, chat(`you sent ${seen.headers.authorization ?? ""}`)),
        async ({ baseUrl }) => {
          await calls(root, baseUrl).ask(about("x"), 0, NEVER);
          const [file = "", ...others] = await filesBelow(root);
          assert.deepEqual(others, []);
          const text = await fs.readFile(file, "utf8");
          assert.ok(text.includes("you sent Bearer [key]") && !text.includes(KEY), text);
        },
      ),
    ));
});

describe("a budget", () => {
  const price = { input: 0, output: 1000 }; // 5 tokens: $0.005; at most 100 tokens: $0.1

  it("is never overrun, and what was answered stays", () =>
    inTemporaryFolder(async (root) =>
      withServer(echo, async ({ baseUrl, seen }) => {
        const model = calls(root, baseUrl, { price, purse: new Purse(0.121) });
        const asks = Array.from({ length: 12 }, (_, index) => model.ask(about(`q${index}`), 0, NEVER));
        const ends = await Promise.allSettled(asks);
        const nAnswered = ends.filter(({ status }) => status === "fulfilled").length;
        // The last one that begins does so with at least $0.1 left: after 4 of $0.005.
        assert.equal(nAnswered, 5);
        for (const end of ends) if (end.status === "rejected") assert.ok(end.reason instanceof BudgetSpent);
        assert.equal(seen.length, 5);
        // Going on, the same run counts what it has spent, and another one does not.
        await assert.rejects(
          calls(root, baseUrl, { price, purse: new Purse(0.121) }).ask(about("more"), 0, NEVER),
          BudgetSpent,
        );
        const other = calls(root, baseUrl, { price, purse: new Purse(0.121), run: "run-2" });
        assert.equal((await other.ask(about("more"), 0, NEVER)).text, "re: more");
      }),
    ));

  it("of nothing lets calls through that cost nothing: kept ones, and those of a free model", () =>
    inTemporaryFolder(async (root) =>
      withServer(echo, async ({ baseUrl, seen }) => {
        await calls(root, baseUrl, { price }).ask(about("x"), 0, NEVER);
        const broke = calls(root, baseUrl, { price, purse: new Purse(0) });
        assert.equal((await broke.ask(about("x"), 0, NEVER)).text, "re: x");
        await assert.rejects(broke.ask(about("y"), 0, NEVER), BudgetSpent);
        const free = calls(root, baseUrl, { price: { input: 0, output: 0 }, purse: new Purse(0) });
        assert.equal((await free.ask(about("y"), 0, NEVER)).text, "re: y");
        assert.equal(seen.length, 2);
      }),
    ));
});
