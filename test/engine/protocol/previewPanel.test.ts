import assert from "node:assert/strict";
import { readPreviewFocus } from "../../../engine/protocol/previewPanel.ts";

describe("what a preview shows", () => {
  for (const focus of [
    { configFile: "/w/a.salsa.json" },
    { configFile: "/w/a.salsa.json", source: "sft" },
    { file: "/w/a.jsonl", seenBy: { configFile: "/w/a.salsa.json" } },
    { file: "/w/a.jsonl", seenBy: { model: "/w/model" } },
  ]) {
    it(`survives a reload of the window: ${JSON.stringify(focus)}`, () => {
      assert.deepEqual(readPreviewFocus(JSON.parse(JSON.stringify({ ...focus, other: 1 }))), focus);
    });
  }

  it("is nothing where an earlier version has written something else", () => {
    for (const kept of [
      undefined,
      null,
      1,
      [],
      {},
      { configFile: 1 },
      { file: "/w/a.jsonl" },
      { file: "a", seenBy: {} },
    ])
      assert.equal(readPreviewFocus(kept), undefined);
  });
});
