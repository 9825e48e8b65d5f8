import assert from "node:assert/strict";
import { conversationOf, failureOf, requestOptions } from "../../../extension/engine/editorRequest.ts";

/** An error as the editor throws them, with the code of its kind. */
function editorError(code: string, message: string, cause?: Error): Error {
  return Object.assign(new Error(message, { cause }), { code });
}

describe("a request to a model of the editor's", () => {
  it("has the system's turns in front of the user's next one, since the editor knows users and assistants alone", () => {
    const prompt = [
      { role: "system", content: "Be fair." },
      { role: "developer", content: "Be brief." },
      { role: "user", content: "A or B?" },
      { role: "assistant", content: "A." },
      { role: "user", content: "Why?" },
    ] as const;
    assert.deepEqual(conversationOf({ prompt }), [
      { role: "user", content: "Be fair.\n\nBe brief.\n\nA or B?" },
      { role: "assistant", content: "A." },
      { role: "user", content: "Why?" },
    ]);
    assert.deepEqual(conversationOf({ prompt: "once" }), [{ role: "user", content: "once" }]);
    assert.deepEqual(conversationOf({ prompt: [{ role: "system", content: "alone" }] }), [
      { role: "user", content: "alone" },
    ]);
  });

  it("passes on the settings that providers may know", () => {
    const request = { prompt: "x", temperature: 0.5, maxTokens: 7, stop: ["\n"], topP: 0.9, seed: 3 };
    assert.deepEqual(requestOptions(request), {
      modelOptions: { temperature: 0.5, max_tokens: 7, top_p: 0.9, stop: ["\n"] },
    });
  });
});

describe("a failure of a model of the editor's", () => {
  for (const [code, fault] of [
    ["NotFound", "missing"],
    ["NoPermissions", "key"],
    ["Blocked", "blocked"],
    ["Unknown", "failed"],
    ["constructor", "failed"],
  ] as const) {
    it(`of the code ${code} is "${fault}"`, () => {
      assert.deepEqual(failureOf(editorError(code, "no")), { kind: "failed", fault, message: "no" });
    });
  }

  it("that finds a question off its topic is a refusal, which is a reply", () => {
    const error = editorError("Unknown", "the request was filtered", new Error("off_topic"));
    assert.deepEqual(failureOf(error), { kind: "reply", reply: { text: "the request was filtered", end: "refused" } });
  });

  it("may be anything that was thrown", () => {
    assert.deepEqual(failureOf("a text"), { kind: "failed", fault: "failed", message: "a text" });
    const long = failureOf(new Error("x".repeat(1e6)));
    assert.ok(long.kind === "failed" && long.message.length === 1000);
  });
});
