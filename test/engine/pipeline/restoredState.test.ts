import assert from "node:assert/strict";
import { restoredState } from "../../../engine/pipeline/training.ts";

const shapes = new Map([["w", [2, 2]]]);
const whole = { w: new Float32Array(4), "exp_avg.w": new Float32Array(4), "exp_avg_sq.w": new Float32Array(4) };

/** Names of the tensors that are restored. */
function restored(tensors: Readonly<Record<string, Float32Array | Int32Array>>): readonly string[] {
  const { weights, optimizer } = restoredState({ folder: "/w/savepoint", tensors }, 3, shapes);
  return [...weights, ...optimizer].map(([name]) => name);
}

describe("a trainer's state", () => {
  it("comes back from a snapshot with every tensor", () => {
    assert.deepEqual(restored(whole), ["w", "exp_avg.w", "exp_avg_sq.w"]);
  });

  it("is refused, by its snapshot, where a tensor is missing, of another size or of another type", () => {
    const { w: _w, ...others } = whole;
    for (const tensors of [others, { ...whole, w: new Float32Array(3) }, { ...whole, w: new Int32Array(4) }]) {
      assert.throws(() => restored(tensors), { name: "CheckpointError", file: "/w/savepoint" });
    }
  });
});
