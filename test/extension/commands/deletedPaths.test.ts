import assert from "node:assert/strict";
import { deletedPaths, pathList } from "../../../extension/commands/deletedPaths.ts";

const size = (run: string, artifacts: readonly string[], root = "/data/.salsa", tracking: readonly string[] = []) => ({
  ...{ runBytes: 1, artifactBytes: 2, createdAt: 3 },
  ...{ root, run, tracking, artifacts },
});

describe("the folders that a deletion lists", () => {
  it("are those of all runs with their metrics for other tools, then of artifacts, as real paths", () => {
    const one = size("runs/one-1", ["artifacts/sft-1", "records/sft-1"], "/data/.salsa", ["tensorboard/one-1"]);
    const other = size("runs/two-1", [], "/mnt/x");
    assert.deepEqual(deletedPaths([one, other]), {
      runs: ["/data/.salsa/runs/one-1", "/mnt/x/runs/two-1", "/data/.salsa/tensorboard/one-1"],
      artifacts: ["/data/.salsa/artifacts/sft-1", "/data/.salsa/records/sft-1"],
    });
    const windows = size("runs\\one-1", [], "C:\\data\\.salsa");
    assert.deepEqual(deletedPaths([windows]).runs, ["C:\\data\\.salsa\\runs\\one-1"]);
  });

  it("are all of them, as a list that shows what a path holds", () => {
    const many = Array.from({ length: 300 }, (_, index) => `artifacts/sft-${index}`);
    const { artifacts } = deletedPaths([size("runs/one-1", many, "/r")]);
    const lines = pathList(artifacts).split("\n");
    assert.deepEqual([lines.length, lines.at(-1)], [300, "- `/r/artifacts/sft-299`"]);
    assert.equal(pathList(deletedPaths([size("runs/`*a*`", [], "/r")]).runs), "- `` /r/runs/`*a*` ``");
  });

  it("cannot pass for others: line breaks and marks of direction are shown as such", () => {
    assert.deepEqual(deletedPaths([size("runs/a\n/etc\u202egpj", [])]).runs, ["/data/.salsa/runs/a\\n/etc\\u202egpj"]);
  });
});
