import assert from "node:assert/strict";
import { storageMarkdown } from "../../../extension/commands/storageMarkdown.ts";

describe("what a folder of runs holds, for people", () => {
  it("tells what is in use and what is not, with sizes, and shows names as text", () => {
    const text = storageMarkdown({
      root: "/w/.salsa",
      totalBytes: 3_500_000,
      otherBytes: 500_000,
      entries: [
        { name: "artifacts/sft-1", kind: "artifact", bytes: 2_000_000, usedBy: ["<b>demo</b>-1"], canGo: false },
        { name: "artifacts/sft-2", kind: "artifact", bytes: 1_000_000, usedBy: [], canGo: true },
      ],
    });
    const [free = "", used = ""] = text.split("## In use");
    assert.match(free, /# 3\.5 MB in all/);
    assert.match(free, /Used by no run: 1(\.0)? MB[\s\S]*artifacts\/sft-2/);
    assert.match(used, /artifacts\/sft-1 \| 2(\.0)? MB/);
    assert.ok(!text.includes("<b>"));
  });
});
