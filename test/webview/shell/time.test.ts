import assert from "node:assert/strict";
import { clock, duration } from "../../../webview/shell/time.ts";

describe("duration", () => {
  for (const [seconds, text] of [
    [0, "under 0.1 s"],
    [0.42, "0.4 s"],
    [9.4, "9 s"],
    [59.6, "1 min 00 s"],
    [200, "3 min 20 s"],
    [7500, "2 h 05 min"],
    [190_000, "2 d 4 h"],
  ] as const) {
    it(`says ${seconds} s as "${text}"`, () => assert.equal(duration(seconds), text));
  }
});

describe("clock", () => {
  for (const [seconds, text] of [
    [4, "4 s"],
    [59.6, "1:00"],
    [200, "3:20"],
    [7500, "2:05:00"],
  ] as const) {
    it(`says ${seconds} s as "${text}"`, () => assert.equal(clock(seconds), text));
  }
});
