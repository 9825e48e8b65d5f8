import assert from "node:assert/strict";
import { describeMetric } from "../../../engine/protocol/catalogue.ts";
import type { DrawnLine } from "../../../webview/plots/draw.ts";
import { placeText, readingsAt, summaryOf } from "../../../webview/plots/readings.ts";

function lineOf(title: string, x: readonly number[], y: readonly number[], n = 1): DrawnLine {
  const prepared = { main: { x, y }, raw: undefined, low: undefined, high: undefined, n };
  return { key: title, title, look: { color: "red", dash: [], shape: undefined }, prepared };
}

const LINES = [lineOf("ppo", [1, 2, 3], [0.1, 0.2, 0.3]), lineOf("salsa", [1, 2], [0.5, NaN], 3)];

describe("readingsAt", () => {
  it("reads the value nearest to the place, highest first", () => {
    const told = readingsAt(LINES, 1.2).map(({ title, at, value }) => [title, at, value]);
    assert.deepEqual(told, [
      ["salsa", 1, 0.5],
      ["ppo", 1, 0.1],
    ]);
  });

  it("leaves out lines that do not get there, and gaps", () => {
    assert.deepEqual(
      readingsAt(LINES, 2).map(({ title }) => title),
      ["ppo"],
    );
    assert.deepEqual(
      readingsAt(LINES, 3).map(({ title }) => title),
      ["ppo"],
    );
    assert.deepEqual(readingsAt(LINES, 9), []);
  });
});

describe("summaryOf", () => {
  it("says each line's last value in words", () => {
    const text = summaryOf(describeMetric("objective/kl"), LINES.slice(0, 1), "step");
    assert.equal(text, "KL to reference (nats per sequence), last values. ppo: 0.300 at step 3.");
  });

  it("says of how many seeds a mean is", () => {
    assert.match(summaryOf(describeMetric("my/own"), [lineOf("salsa", [1], [2], 3)], "step"), /mean of 3 seeds/);
  });
});

describe("placeText", () => {
  it("names steps and times", () => {
    assert.equal(placeText(12.4, "step"), "step 12");
    assert.equal(placeText(75, "relative"), "1 min 15 s");
  });
});
