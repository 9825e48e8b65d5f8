import assert from "node:assert/strict";
import { LatestRequest } from "../../../webview/parts/latestRequest.ts";

describe("an answer that is asked for", () => {
  const element = { requestUpdate: (): void => undefined };

  it("is asked for once while its question stays", async () => {
    const asked = new LatestRequest<number>(element);
    let nAsked = 0;
    const question = (): Promise<number> => Promise.resolve(++nAsked);
    asked.ask("one", question);
    asked.ask("one", question);
    await Promise.resolve();
    assert.equal(nAsked, 1);
  });

  it("is dropped when another question was asked since", async () => {
    const asked = new LatestRequest<string>(element);
    const slow = Promise.withResolvers<string>();
    asked.ask("old", () => slow.promise);
    asked.ask("new", () => Promise.resolve("new"));
    await settled();
    slow.resolve("old");
    await settled();
    assert.deepEqual(asked.answer, { isLoading: false, value: "new" });
  });

  it("goes with its question unless it is kept", () => {
    const asked = new LatestRequest<string>(element);
    asked.answer = { isLoading: false, value: "before" };
    const never = new Promise<string>(() => undefined);
    assert.equal(asked.ask("kept", () => never, { keepsLast: true }).value, "before");
    assert.equal(asked.ask("other", () => never).value, undefined);
  });

  it("tells why there is none, and is asked for again", async () => {
    const asked = new LatestRequest<string>(element);
    let isBroken = true;
    asked.ask("one", () => (isBroken ? Promise.reject(new Error("no such run")) : Promise.resolve("there")));
    await settled();
    assert.equal(asked.answer.problem, "no such run");
    isBroken = false;
    asked.retry();
    await settled();
    assert.deepEqual(asked.answer, { isLoading: false, value: "there" });
  });

  function settled(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
});
