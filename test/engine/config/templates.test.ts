import assert from "node:assert/strict";
import { parseConfig } from "../../../engine/config/index.ts";
import { ConfigError } from "../../../engine/protocol/errors.ts";
import { PRESETS } from "../../../engine/config/presets.ts";
import { isRunnable, newConfig } from "../../../engine/config/templates.ts";

describe("a new config", () => {
  for (const { name: preset } of PRESETS) {
    describe(preset, () => {
      const { text, start, end } = newConfig(preset, "first-try");

      it("parses, and has the name that was asked for", () => {
        assert.equal(parseConfig(text, "/w/x.salsa.json").name, "first-try");
      });

      it("says nothing wrong but files that are not there", () => {
        const exists = (): boolean => false;
        if (isRunnable(preset)) assert.doesNotThrow(() => parseConfig(text, "/w/x.salsa.json", { exists }));
        else {
          assert.throws(
            () => parseConfig(text, "/w/x.salsa.json", { exists }),
            (error) =>
              error instanceof ConfigError && error.issues.every(({ message }) => message.startsWith("there is no ")),
          );
        }
      });

      it("has comments that explain it", () => {
        assert.ok(text.split("\n").filter((line) => line.includes("// ")).length >= 6);
      });

      it("has no line that a narrow editor cuts off", () => {
        assert.deepEqual(
          text.split("\n").filter((line) => line.length > 90),
          [],
        );
      });

      it("selects a value between its quotes", () => {
        assert.equal(text[start - 1], '"');
        assert.equal(text[end], '"');
        assert.equal(text.slice(start, end), isRunnable(preset) ? "first-try" : "models/base");
      });
    });
  }

  it("keeps the demo's settings where it does not show them", () => {
    const config = parseConfig(newConfig("miniinstruct", "x").text, "/w/x.salsa.json");
    const preset = parseConfig('{ "preset": "miniinstruct", "name": "x" }', "/w/x.salsa.json");
    assert.deepEqual(config.model, preset.model);
    assert.deepEqual(config.sft, preset.sft);
    assert.deepEqual(config.reward, preset.reward);
    assert.deepEqual(config.arms["salsa"], preset.arms["salsa"]);
  });

  it("keeps the β that the paper gives each arm", () => {
    const { arms } = parseConfig(newConfig("llama2-7b", "x").text, "/w/x.salsa.json");
    assert.deepEqual([arms["ppo"]?.betas, arms["salsa"]?.betas], [[0.2], [0.01]]);
  });

  it("says what the paper's settings need, and where to start without it", () => {
    const { text } = newConfig("gemma-2b", "x");
    for (const what of ["4 GiB", "NVIDIA card", "Your own model and data", "Gemma-2B"])
      assert.ok(text.includes(what), what);
  });
});
