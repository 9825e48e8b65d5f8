import assert from "node:assert/strict";
import { idOfFolder, runTitle } from "../../../engine/protocol/runTitle.ts";

describe("the title of a run", () => {
  it("is its id, on Windows as well", () => {
    assert.equal(runTitle("/w/.salsa/runs/demo-1", ["/w/.salsa/runs/demo-1", "/w/.salsa/runs/demo-2"]), "demo-1");
    assert.equal(idOfFolder("C:\\w\\.salsa\\runs\\demo-2"), "demo-2");
  });

  it("has as much of the place as tells it from others of the same id", () => {
    const [left, right] = ["/home/left/.salsa/runs/demo-1", "/home/right/.salsa/runs/demo-1"];
    assert.equal(runTitle(left, [left, right]), "demo-1 (left)");
    assert.equal(runTitle(right, [left, right]), "demo-1 (right)");
    const deep = ["/a/salsa/.salsa/runs/demo-1", "/b/salsa/.salsa/runs/demo-1"];
    assert.deepEqual(
      deep.map((folder) => runTitle(folder, deep)),
      ["demo-1 (a/salsa)", "demo-1 (b/salsa)"],
    );
    const nested = ["/a/.salsa/runs/demo-1", "/b/a/.salsa/runs/demo-1"];
    assert.notEqual(runTitle(nested[0] ?? "", nested), runTitle(nested[1] ?? "", nested));
  });
});
