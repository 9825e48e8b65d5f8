import assert from "node:assert/strict";
import { deletedPaths } from "../../../extension/commands/deletedPaths.ts";

const size = (run: string, artifacts: readonly string[], root = "/data/.salsa", tracking: readonly string[] = []) => ({
  ...{ runBytes: 1, artifactBytes: 2 },
  ...{ root, run, tracking, artifacts },
});

describe("the folders that a deletion lists", () => {
  it("are those of all runs with their metrics for other tools, then of artifacts, as real paths", () => {
    const one = size("runs/one-1", ["artifacts/sft-1", "records/sft-1"], "/data/.salsa", ["tensorboard/one-1"]);
    const other = size("runs/two-1", [], "/mnt/x");
    assert.deepEqual(deletedPaths([one, other]), {
      runs: ["/data/.salsa/runs/one-1", "/mnt/x/runs/two-1", "/data/.salsa/tensorboard/one-1"],
      nMoreTracking: 0,
      artifacts: ["/data/.salsa/artifacts/sft-1", "/data/.salsa/records/sft-1"],
      nMore: 0,
    });
    const windows = size("runs\\one-1", [], "C:\\data\\.salsa");
    assert.deepEqual(deletedPaths([windows]).runs, ["C:\\data\\.salsa\\runs\\one-1"]);
  });

  it("are counted where there are too many for a dialog", () => {
    const many = Array.from({ length: 30 }, (_, index) => `artifacts/sft-${index}`);
    const mlflow = Array.from({ length: 10 }, (_, index) => `mlflow/1/${index}`);
    const { runs, nMoreTracking, artifacts, nMore } = deletedPaths([size("runs/one-1", many, "/r", mlflow)]);
    assert.deepEqual([runs.length, nMoreTracking, artifacts.length, nMore], [7, 4, 12, 18]);
  });

  it("cannot pass for others: line breaks and marks of direction are shown as such", () => {
    assert.deepEqual(deletedPaths([size("runs/a\n/etc\u202egpj", [])]).runs, ["/data/.salsa/runs/a\\n/etc\\u202egpj"]);
  });
});
