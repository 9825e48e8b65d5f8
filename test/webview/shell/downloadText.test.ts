import assert from "node:assert/strict";
import { downloadText } from "../../../webview/shell/downloadText.ts";

const coming = { source: "hf:o/n@main", file: "data/train.parquet", doneBytes: 300e6, totalBytes: 1.2e9 };

describe("a download, in the dashboard", () => {
  it("says what waits for what, how much of it is there, and how long it will take", () => {
    const pace = { fromBytes: 0, since: 0, at: 20_000 };
    assert.match(
      downloadText({ ...coming, pace }),
      /^waits for hf:o\/n@main: train\.parquet, 300(\.0)? MB of 1\.2 GB · 1 min 00 s left$/,
    );
  });

  it("promises nothing before there is a pace", () => {
    assert.match(downloadText(coming), /of 1\.2 GB$/);
  });
});
