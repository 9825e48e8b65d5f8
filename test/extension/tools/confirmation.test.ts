import assert from "node:assert/strict";
import { confirmationText } from "../../../extension/tools/confirmation.ts";
import { planned, plannedBackend } from "../plannedStage.ts";

describe("what is confirmed before a run is started", () => {
  const plan = {
    name: "demo",
    stages: [planned("reward", { cached: true }), planned("ppo")],
    peakMemoryBytes: 32 * 2 ** 20,
    secondsLeft: 60,
    backend: plannedBackend(),
  };

  it("names the config, what there is to do, and what comes before it", () => {
    const text = confirmationText("a/demo.salsa.json", plan, 1);
    assert.match(text, /A run of `a\/demo\.salsa\.json` trains models on this machine's processor/);
    assert.match(text, /1 of 2 stages are left to do, in about 1 min, with at most 32\.0 MiB of memory/);
    assert.match(text, /Active and queued runs ahead: 1\./);
  });

  it("says so when there is no plan, and nothing of a queue when there is none", () => {
    const text = confirmationText("demo.salsa.json", undefined, 0);
    assert.match(text, /could not be planned, so its duration is unknown/);
    assert.doesNotMatch(text, /queue/);
  });
});
