import assert from "node:assert/strict";
import { deletedPaths } from "../../../extension/commands/deletedPaths.ts";

const size = (run: string, artifacts: readonly string[], root = "/data/.salsa") => ({
  ...{ runBytes: 1, artifactBytes: 2 },
  ...{ root, run, artifacts },
});

describe("the folders that a deletion lists", () => {
  it("are those of all runs, then of artifacts, as real paths", () => {
    const one = size("runs/one-1", ["artifacts/sft-1", "records/sft-1"]);
    const other = size("runs/two-1", [], "/mnt/x");
    assert.deepEqual(deletedPaths([one, other]), {
      lines: [
        "/data/.salsa/runs/one-1",
        "/mnt/x/runs/two-1",
        "/data/.salsa/artifacts/sft-1",
        "/data/.salsa/records/sft-1",
      ],
      nMore: 0,
    });
    const windows = size("runs\\one-1", [], "C:\\data\\.salsa");
    assert.deepEqual(deletedPaths([windows]).lines, ["C:\\data\\.salsa\\runs\\one-1"]);
  });

  it("are counted where there are too many artifacts for a dialog", () => {
    const many = Array.from({ length: 30 }, (_, index) => `artifacts/sft-${index}`);
    const { lines, nMore } = deletedPaths([size("runs/one-1", many)]);
    assert.deepEqual([lines.length, nMore], [13, 18]);
  });

  it("cannot pass for others: line breaks and marks of direction are shown as such", () => {
    assert.deepEqual(deletedPaths([size("runs/a\n/etc\u202egpj", [])]).lines, ["/data/.salsa/runs/a\\n/etc\\u202egpj"]);
  });
});
