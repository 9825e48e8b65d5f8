import assert from "node:assert/strict";
import type { ConfigIssue } from "../../../engine/protocol/errors.ts";
import { issuesOf, issuesText } from "../../../extension/commands/issues.ts";
import { ServiceError, ToolError } from "../../../extension/engine/errors.ts";

const issue: ConfigIssue = {
  file: "/w/demo.salsa.json",
  line: 3,
  column: 5,
  path: "rlhf.beta",
  message: "must be 0 or more, got -1",
  remedy: "use 0.2",
};

describe("issues of a config", () => {
  it("are found in errors of the service and of the command line", () => {
    const data = { name: "ConfigError", issues: [issue] };
    assert.deepEqual(issuesOf(new ServiceError("wrong", "refused", { data })), [issue]);
    assert.deepEqual(issuesOf(new ToolError("wrong", { error: "ConfigError", issues: [issue] })), [issue]);
  });

  it("are none in other errors", () => {
    assert.deepEqual(issuesOf(new ServiceError("gone", "gone")), []);
    assert.deepEqual(issuesOf(new Error("wrong")), []);
  });

  it("are shown by the first, and by how many there are", () => {
    assert.equal(
      issuesText([issue], "demo.salsa.json"),
      "demo.salsa.json has a problem in line 3: rlhf.beta: must be 0 or more, got -1; use 0.2",
    );
    assert.match(
      issuesText([{ ...issue, path: "", remedy: "" }, issue], "a"),
      /^a has 2 problems\. The first, in line 3: must be/,
    );
  });
});
