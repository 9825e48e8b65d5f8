import assert from "node:assert/strict";
import { readArguments } from "../../../engine/cli/arguments.ts";
import { report } from "../../../engine/cli/commands/report.ts";
import { shareLine } from "../../../extension/commands/shareLine.ts";

describe("the command line of a report to share", () => {
  it("is one that salsa reads as it was meant, of one run and of several", () => {
    for (const folders of [["/w/.salsa/runs/demo-1"], ["/w/.salsa/runs/demo-1", "/v/.salsa/runs/demo-1"]]) {
      const read = readArguments(report, shareLine(folders, "/out/demo.html").slice(1));
      assert.deepEqual([...read.positionals], folders);
      assert.deepEqual({ ...read.options }, { html: true, out: "/out/demo.html" });
    }
  });
});
