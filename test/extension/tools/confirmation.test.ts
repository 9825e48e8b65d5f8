import assert from "node:assert/strict";
import { confirmationText } from "../../../extension/tools/confirmation.ts";

describe("what is confirmed before a run is started", () => {
  const stage = { name: "ppo", parameters: 1, memoryBytes: 1, estimatedSeconds: 60 };
  const plan = {
    name: "demo",
    stages: [
      { ...stage, cached: true },
      { ...stage, cached: false },
    ],
    peakMemoryBytes: 32 * 2 ** 20,
    secondsLeft: 60,
    config: { runtime: { backend: "wasm" } },
  };

  it("names the config, what there is to do, and what comes before it", () => {
    const text = confirmationText("a/demo.salsa.json", plan, 1);
    assert.match(text, /A run of `a\/demo\.salsa\.json` trains models on this machine's processor/);
    assert.match(text, /It has 1 of 2 stages to do, in about 1 min, with at most 32\.0 MiB of memory/);
    assert.match(text, /Runs at work or in the queue before it: 1\./);
  });

  it("says so when there is no plan, and nothing of a queue when there is none", () => {
    const text = confirmationText("demo.salsa.json", undefined, 0);
    assert.match(text, /could not be told beforehand/);
    assert.doesNotMatch(text, /queue/);
  });
});
