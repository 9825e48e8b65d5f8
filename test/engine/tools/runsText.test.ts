import assert from "node:assert/strict";
import { runsText } from "../../../engine/tools/runsText.ts";
import { summary } from "../../extension/commands/summaries.ts";

describe("runs for a language model", () => {
  it("tell state, place, result, alarms and failure", () => {
    const run = summary("demo-1", {
      status: "failed",
      tables: ["winRates"],
      progress: { stage: "ppo", title: "RLHF", step: 3, total: 60, nDone: 5, nStages: 9, fraction: 0.5 },
      result: { benchmark: "test", a: "salsa", b: "ppo", adjusted: 0.58, low: 0.56, high: 0.6, n: 1024 },
      nAlarms: 1,
      alarm: { stage: "ppo", step: 3, name: "lengthCollapse", message: "responses are short", time: 0 },
      failure: { error: "NumericalError", message: "the loss is NaN", stage: "ppo" },
    });
    const text = runsText([run], ["demo.salsa.json"], 20);
    for (const part of [
      "- demo-1: failed, 50.00 % done, at stage ppo step 3 of 60; stages done 5 of 9",
      "tables: winRates",
      "salsa against ppo, adjusted win rate 58.00 % (95 % interval 56.00 to 60.00 %, n 1024)",
      "alarms: 1, the newest lengthCollapse in ppo: responses are short",
      "failure: NumericalError: the loss is NaN",
      "Run configs: demo.salsa.json",
    ])
      assert.ok(text.includes(part), `${part}\nis not in\n${text}`);
  });

  it("say how many are left out", () => {
    const text = runsText(
      ["c", "b", "a"].map((id) => summary(id)),
      [],
      2,
    );
    assert.match(text, /- c: [^]*- b: /);
    assert.doesNotMatch(text, /- a: /);
    assert.match(text, /1 older runs are not shown/);
  });

  it("say that there are none", () => {
    assert.equal(runsText([], [], 20), "There are no runs in this workspace yet.\n\nThere are no run configs.");
  });
});
