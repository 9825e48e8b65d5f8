import assert from "node:assert/strict";
import { headline } from "../../../webview/shell/headline.ts";

const result = { benchmark: "in", a: "salsa", b: "ppo", adjusted: 0.568, low: 0.552, high: 0.585, n: 4096 };

describe("what a run came to", () => {
  it("is who is better, by how much and how surely, on each benchmark", () => {
    const more = [{ benchmark: "out", adjusted: 0.621, low: 0.6, high: 0.64, n: 4096 }];
    assert.equal(headline({ ...result, more }), "salsa beats ppo: 56.8 % (55.2–58.5) on in · out: 62.1 % (60.0–64.0)");
  });

  it("says of a sweep among how many arms the best was chosen, and by what", () => {
    const among = { n: 6, by: "validation" } as const;
    assert.match(headline({ ...result, among }), /^salsa beats ppo \(best of 6 by validation score\): 56.8 % \(55.2/);
    assert.match(headline({ ...result, among: { n: 2, by: "winRate" } }), /by these win rates, which flatter it\): /);
  });

  it("names nobody where the interval does not", () => {
    assert.match(headline({ ...result, low: 0.49 }), /^salsa and ppo cannot be told apart: /);
    // The table has no star there, either.
    assert.match(headline({ ...result, p: 0.067 }), /^salsa and ppo cannot be told apart: 56.8 %/);
    assert.match(headline({ ...result, p: 0.01 }), /^salsa beats ppo: /);
    assert.match(headline({ ...result, adjusted: 0.4, low: 0.38, high: 0.42 }), /^salsa loses to ppo: /);
  });
});
