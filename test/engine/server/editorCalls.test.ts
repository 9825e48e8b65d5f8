import assert from "node:assert/strict";
import type { EditorAnswer, EditorCall } from "../../../engine/protocol/editorModels.ts";
import { connect } from "../../../engine/server/client.ts";
import type { RunConnection } from "../../../engine/server/client.ts";
import { CLIENT, condition, serving } from "./served.ts";

const MODEL = "vscode:scripted/judge";
const call = (content: string, model = MODEL): EditorCall => ({
  model,
  request: { prompt: [{ role: "user", content }], temperature: 0, maxTokens: 100 },
});
const said = (text: string): EditorAnswer => ({ kind: "reply", reply: { text, end: "stop" } });
const failed = (fault: "consent" | "missing" | "blocked" | "failed"): EditorAnswer => ({
  kind: "failed",
  fault,
  message: fault,
});
const textOf = ({ request: { prompt } }: EditorCall): string =>
  typeof prompt === "string" ? prompt : (prompt[0]?.content ?? "");

/** A window of the editor, at the other end of the run's socket: what it is asked, and what it says. */
class ScriptedWindow {
  readonly asked: string[] = [];
  readonly cancelled: string[] = [];
  private connection: RunConnection | undefined;
  private readonly answer: (text: string) => EditorAnswer | Promise<EditorAnswer>;
  private readonly told: () => void;

  constructor(answer: (text: string) => EditorAnswer | Promise<EditorAnswer>, told: () => void) {
    this.answer = answer;
    this.told = told;
  }

  async open(folder: string): Promise<void> {
    this.connection = await connect(folder, CLIENT);
    await this.offer();
  }

  async offer(): Promise<void> {
    await this.connection?.offerModels(async (one, signal) => {
      const text = textOf(one);
      this.asked.push(text);
      signal.addEventListener("abort", () => {
        this.cancelled.push(text);
        this.told();
      });
      this.told();
      return this.answer(text);
    });
  }

  close(): void {
    this.connection?.close();
  }
}

const NEVER = new Promise<EditorAnswer>(() => undefined);

describe("calls of the editor's models over a run's socket", () => {
  it("wait for a window, and are answered by the one that comes", async () => {
    const news = condition();
    await serving(
      async ({ folder, server, answers, waits }) => {
        server.calls.ask(1, call("a"), 60_000);
        server.calls.ask(2, call("b"), 60_000);
        assert.deepEqual(waits, [`${MODEL}: window`]);
        const window = new ScriptedWindow((text) => said(`re: ${text}`), news.check);
        await window.open(folder);
        await news.until(() => answers.size === 2);
        assert.deepEqual([answers.get(1), answers.get(2)], [said("re: a"), said("re: b")]);
        assert.deepEqual(
          [window.asked, waits],
          [
            ["a", "b"],
            [`${MODEL}: window`, `${MODEL}: asked`],
          ],
        );
        window.close();
      },
      { told: news.check },
    );
  });

  it("are answered by exactly one of several windows, and by another when that one goes away in the middle", async () => {
    const news = condition();
    await serving(
      async ({ folder, server, answers, waits }) => {
        const first = new ScriptedWindow(() => NEVER, news.check);
        const second = new ScriptedWindow((text) => said(`second: ${text}`), news.check);
        await first.open(folder);
        await second.open(folder);
        for (const id of [1, 2, 3]) server.calls.ask(id, call(String(id)), 60_000);
        await news.until(() => first.asked.length === 3);
        assert.deepEqual(second.asked, []);
        first.close();
        await news.until(() => answers.size === 3);
        assert.deepEqual([...answers.values()], [said("second: 1"), said("second: 2"), said("second: 3")]);
        assert.deepEqual([second.asked, waits], [["1", "2", "3"], []]);
        second.close();
        server.calls.ask(4, call("4"), 60_000);
        await news.until(() => waits.length === 1);
        assert.deepEqual(waits, [`${MODEL}: window`]);
      },
      { told: news.check },
    );
  });

  it("wait while consent is missing, and go on when the window offers again", async () => {
    const news = condition();
    await serving(
      async ({ folder, server, answers, waits }) => {
        let isAllowed = false;
        const window = new ScriptedWindow((text) => (isAllowed ? said(text) : failed("consent")), news.check);
        await window.open(folder);
        for (const id of [1, 2]) server.calls.ask(id, call(String(id)), 60_000);
        await news.until(() => waits.length > 0);
        assert.deepEqual([waits, answers.size], [[`${MODEL}: consent`], 0]);
        isAllowed = true;
        await window.offer();
        await news.until(() => answers.size === 2);
        assert.deepEqual(waits, [`${MODEL}: consent`, `${MODEL}: asked`]);
        window.close();
      },
      { told: news.check },
    );
  });

  it("wait while the quota is used up, and go on by themselves; a window without the model is passed over", async () => {
    const news = condition();
    await serving(
      async ({ folder, server, answers, waits }) => {
        const other = new ScriptedWindow(() => failed("missing"), news.check);
        let nBlocked = 2;
        const window = new ScriptedWindow((text) => (nBlocked-- > 0 ? failed("blocked") : said(text)), news.check);
        await other.open(folder);
        await window.open(folder);
        server.calls.ask(1, call("x"), 60_000);
        await news.until(() => answers.size === 1);
        assert.deepEqual(answers.get(1), said("x"));
        assert.deepEqual([other.asked.length, window.asked.length], [1, 3]);
        assert.deepEqual(waits, [`${MODEL}: blocked`, `${MODEL}: asked`, `${MODEL}: blocked`, `${MODEL}: asked`]);
        other.close();
        window.close();
      },
      { told: news.check },
    );
  });

  it("are taken back, and their window hears of it", async () => {
    const news = condition();
    await serving(
      async ({ folder, server, answers }) => {
        const window = new ScriptedWindow((text) => (text === "long" ? NEVER : said(text)), news.check);
        await window.open(folder);
        server.calls.ask(1, call("long"), 60_000);
        await news.until(() => window.asked.length === 1);
        server.calls.cancel(1);
        await news.until(() => window.cancelled.length === 1);
        server.calls.ask(2, call("short"), 60_000);
        await news.until(() => answers.size === 1);
        assert.deepEqual([...answers], [[2, said("short")]]);
        window.close();
      },
      { told: news.check },
    );
  });

  it("fail where a window is slow, answers with something else, or fails itself", async () => {
    const news = condition();
    await serving(
      async ({ folder, server, answers }) => {
        const replies: Readonly<Record<string, () => EditorAnswer | Promise<EditorAnswer>>> = {
          slow: () => NEVER,
          odd: () => ({ kind: "reply", reply: { text: 7 } }) as unknown as EditorAnswer,
          broken: () => Promise.reject(new Error("the disk is full")),
          failed: () => failed("failed"),
        };
        const window = new ScriptedWindow((text) => replies[text]?.() ?? said(text), news.check);
        await window.open(folder);
        for (const [id, text] of Object.keys(replies).entries())
          server.calls.ask(id, call(text), text === "slow" ? 20 : 60_000);
        await news.until(() => answers.size === 4);
        const faults = [...answers].sort(([a], [b]) => a - b).map(([, one]) => one);
        assert.deepEqual(
          faults.map((one) => one.kind === "failed" && one.fault),
          ["slow", "failed", "failed", "failed"],
        );
        assert.match(JSON.stringify(faults[1]), /an answer that does not fit: read answer of a window: reply\.text/);
        assert.match(JSON.stringify(faults[2]), /the disk is full/);
        window.close();
      },
      { told: news.check },
    );
  });

  it("are never more than a window can take, however many there are", async () => {
    const news = condition();
    await serving(
      async ({ folder, server, answers, waits }) => {
        const gate = Promise.withResolvers<undefined>();
        const window = new ScriptedWindow(async (text) => gate.promise.then(() => said(text)), news.check);
        await window.open(folder);
        for (let id = 0; id < 300; id++) server.calls.ask(id, call("long ".repeat(2000) + String(id)), 60_000);
        // A later request is answered later: a handshake shows that no more have come meanwhile.
        await news.until(() => window.asked.length === 32);
        (await connect(folder, CLIENT)).close();
        assert.equal(window.asked.length, 32);
        gate.resolve(undefined);
        await news.until(() => answers.size === 300);
        assert.deepEqual(waits, []);
        window.close();
      },
      { told: news.check },
    );
  });

  it("are asked of nobody who has not shaken hands, or has not offered", async () => {
    const news = condition();
    await serving(
      async ({ folder, server, waits }) => {
        const silent = await connect(folder, CLIENT);
        server.calls.ask(1, call("x"), 60_000);
        assert.deepEqual(waits, [`${MODEL}: window`]);
        silent.close();
      },
      { told: news.check },
    );
  });
});
