import assert from "node:assert/strict";
import { INTERVAL_ENDS, METRICS, isSingleValue } from "../../../engine/protocol/catalogue.ts";
import type { RunOutline } from "../../../engine/protocol/service.ts";
import { groupMetrics, movedPin, PINNED } from "../../../webview/plots/groups.ts";
import { demoRun, outlineOf } from "../fixtures.ts";

function outlineWith(...metrics: readonly string[]): RunOutline {
  return { ...outlineOf(demoRun()), series: { ppo: Object.fromEntries(metrics.map((name) => [name, 1])) } };
}

describe("groupMetrics", () => {
  it("has a group other than the last for every curve of the catalogue", () => {
    const groups = groupMetrics([outlineWith(...METRICS.map(({ name }) => name))], "");
    assert.ok(!groups.some(({ title }) => title === "Other"));
    assert.equal(
      groups.flatMap(({ metrics }) => metrics).length,
      METRICS.filter(({ name }) => !isSingleValue(name) && !INTERVAL_ENDS.has(name)).length,
    );
  });

  it("lists only what the runs have, in the catalogue's order, and what it does not know at the end", () => {
    const groups = groupMetrics([outlineWith("rollout/length", "my/own", "objective/score", "objective/kl")], "");
    assert.deepEqual(
      groups.map(({ title, metrics }) => [title, ...metrics.map(({ name }) => name)]),
      [
        ["Reward & KL", "objective/kl", "objective/score"],
        ["Rollouts", "rollout/length"],
        ["Other", "my/own"],
      ],
    );
  });

  it("has what is pinned on top, in the order of the pins, and nowhere else", () => {
    const outline = outlineWith("rollout/length", "objective/kl", "objective/score", "loss/total");
    const groups = groupMetrics([outline], "", [...PINNED, "objective/score ÷ objective/kl", "objective/kl − my/own"]);
    assert.deepEqual(
      groups.map(({ title, metrics }) => [title, ...metrics.map(({ name }) => name)]),
      [
        ["Pinned", "objective/score", "objective/kl", "rollout/length", "objective/score ÷ objective/kl"],
        ["Policy", "loss/total"],
      ],
    );
    assert.deepEqual(
      groupMetrics([outline], "length", PINNED).map(({ title }) => title),
      ["Pinned"],
    );
  });

  it("puts the KL to one of several references behind their mean", () => {
    const [group] = groupMetrics([outlineWith("objective/score", "objective/kl/soup", "objective/kl")], "");
    assert.deepEqual(
      group?.metrics.map(({ name }) => name),
      ["objective/kl", "objective/kl/soup", "objective/score"],
    );
  });

  it("finds metrics by words of path, label and description", () => {
    const names = (search: string): string[] =>
      groupMetrics([outlineOf(demoRun())], search).flatMap(({ metrics }) => metrics.map(({ name }) => name));
    assert.deepEqual(names("KL reference"), ["objective/kl"]);
    assert.deepEqual(names("clipfraction"), ["policy/clipFraction"]);
    assert.deepEqual(names("no such metric"), []);
  });

  it("moves a pin to the place of another, over those that the runs do not have", () => {
    assert.deepEqual(movedPin(["a", "hidden", "b", "c"], "b", "a"), ["b", "a", "hidden", "c"]);
    assert.deepEqual(movedPin(["a", "hidden", "b", "c"], "a", "b"), ["hidden", "b", "a", "c"]);
  });
});
