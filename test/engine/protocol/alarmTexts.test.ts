import assert from "node:assert/strict";
import fc from "fast-check";
import { ALARMS } from "../../../engine/protocol/alarms.ts";
import { translatedSeen } from "../../../engine/protocol/alarmTexts.ts";
import { filledIn } from "../../../engine/common/format.ts";

/** Says which templates were found, and with which values. */
function taken(name: string, message: string): readonly (string | number)[][] {
  const calls: (string | number)[][] = [];
  translatedSeen({ name, message }, (text, ...values) => {
    calls.push([text, ...values]);
    return filledIn(text, values);
  });
  return calls;
}

describe("an alarm's text in another language", () => {
  it("is found by its template, with the values as they stand", () => {
    const [rewardHacking] = ALARMS.filter(({ name }) => name === "rewardHacking");
    const value = fc.integer({ min: -1000, max: 1000 }).map((n) => (n / 8).toString());
    fc.assert(
      fc.property(
        fc.constantFrom(...(rewardHacking?.seen ?? [])),
        fc.tuple(value, value, value, value),
        (text, values) => {
          assert.deepEqual(taken("rewardHacking", filledIn(text, values)), [[text, ...values]]);
        },
      ),
    );
  });

  it("gives the first value as much as it can have, as a greedy pattern does", () => {
    assert.deepEqual(taken("nonFinite", "a is b is c"), [["{0} is {1}", "a is b", "c"]]);
  });

  it("stays as it is without a value, over several lines, and of another template", () => {
    for (const message of [" is x", "x is ", " is ", "is", "", "a\nb is c", "a is b\u2028c", "anything else"]) {
      assert.deepEqual(taken("nonFinite", message), []);
      assert.equal(
        translatedSeen({ name: "nonFinite", message }, (text) => text),
        message,
      );
    }
  });

  it("is found in no time in a text that almost fits everywhere", () => {
    const before = process.cpuUsage();
    for (const { name, seen } of ALARMS) {
      for (const text of seen) {
        const parts = text.split(/\{\d+\}/);
        for (const part of [...parts, parts.join("x")]) {
          const message = `${parts[0] ?? ""}${part.repeat(100_000 / Math.max(1, part.length))}\n`;
          assert.equal(
            translatedSeen({ name, message }, (template) => template),
            message,
          );
        }
      }
    }
    const ms = process.cpuUsage(before).user / 1000;
    assert.ok(ms < 2000, `took ${Math.round(ms)} ms`);
  });
});
