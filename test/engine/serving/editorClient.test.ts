import assert from "node:assert/strict";
import type { EditorAnswer, EditorCall } from "../../../engine/protocol/editorModels.ts";
import { EditorClient } from "../../../engine/serving/editorClient.ts";
import { ServerError } from "../../../engine/serving/client/serverError.ts";

const NEVER = new AbortController().signal;
const MODEL = "vscode:copilot/gpt-4o";
const REQUEST = { prompt: [{ role: "user", content: "x" }], temperature: 0, maxTokens: 10 } as const;

const said = (text: string): EditorAnswer => ({ kind: "reply", reply: { text, end: "stop" } });
const failed = (fault: "failed" | "slow" | "key"): EditorAnswer => ({ kind: "failed", fault, message: `${fault}!` });

/** A client whose windows answer one after the other. */
function client(answers: readonly EditorAnswer[], concurrency = 4): { client: EditorClient; asked: EditorCall[] } {
  const asked: EditorCall[] = [];
  const windows = {
    ask: async (call: EditorCall) =>
      Promise.resolve(answers[Math.min(asked.push(call), answers.length) - 1] ?? failed("failed")),
  };
  return { client: new EditorClient({ windows, concurrency, deadlineMs: 1000, firstWaitMs: 1 }), asked };
}

describe("EditorClient", () => {
  it("asks the windows, and keeps a model's thoughts out of its reply", async () => {
    const { client: editor, asked } = client([said("<think>B is longer</think>[[A]]")]);
    const reply = await editor.ask(MODEL, REQUEST, NEVER);
    assert.deepEqual(reply, { text: "[[A]]", reasoning: "B is longer", end: "stop" });
    assert.deepEqual(asked, [{ model: MODEL, request: REQUEST }]);
  });

  it("asks again after a failure, and gives up after four", async () => {
    const passing = client([failed("failed"), failed("slow"), said("at last")]);
    assert.equal((await passing.client.ask(MODEL, REQUEST, NEVER)).text, "at last");
    const lasting = client([failed("failed")]);
    await assert.rejects(lasting.client.ask(MODEL, REQUEST, NEVER), (error) => {
      assert.ok(error instanceof ServerError);
      assert.deepEqual([error.fault, error.isLocal, lasting.asked.length], ["garbled", false, 4]);
      assert.match(error.message, /^vscode:copilot\/gpt-4o: failed!, 4 times; what was answered is kept/);
      return true;
    });
  });

  it("gives up at once where it is not allowed, with the kind that a server's wrong key has", async () => {
    const { client: editor, asked } = client([failed("key")]);
    await assert.rejects(editor.ask(MODEL, REQUEST, NEVER), (error) => {
      assert.ok(error instanceof ServerError && error.fault === "key" && !error.isLocal);
      return error.message.includes("Manage Language Model Access");
    });
    assert.equal(asked.length, 1);
  });

  it("has no more open at a time than it may", async () => {
    let nOpen = 0;
    let most = 0;
    const windows = {
      ask: async (): Promise<EditorAnswer> => {
        most = Math.max(most, ++nOpen);
        await new Promise((resolve) => setImmediate(resolve));
        nOpen -= 1;
        return said("x");
      },
    };
    const editor = new EditorClient({ windows, concurrency: 3, deadlineMs: 1000 });
    await Promise.all(Array.from({ length: 20 }, () => editor.ask(MODEL, REQUEST, NEVER)));
    assert.equal(most, 3);
  });
});
