import assert from "node:assert/strict";
import { Expansion } from "../../../extension/views/expansion.ts";

/** The editor's memory, which outlives a window as JSON. */
function memory(kept?: unknown): { get(): unknown; update(key: string, value: unknown): Promise<void> } {
  let text = kept === undefined ? undefined : JSON.stringify(kept);
  return {
    get: () => (text === undefined ? undefined : (JSON.parse(text) as unknown)),
    update: (_key, value) => {
      text = JSON.stringify(value);
      return Promise.resolve();
    },
  };
}

describe("which lines of the Runs view are open", () => {
  it("is known in the next window", () => {
    const kept = memory();
    const expansion = new Expansion(kept);
    expansion.note("run:/a", true);
    expansion.note("config:/c", true);
    expansion.note("config:/c", false);
    const next = new Expansion(kept);
    assert.deepEqual(
      ["run:/a", "config:/c", "run:/b"].map((id) => next.isOpen(id)),
      [true, false, undefined],
    );
  });

  it("is kept of the 500 lines that were changed last", () => {
    const kept = memory();
    const expansion = new Expansion(kept);
    for (let run = 0; run < 500; run++) expansion.note(`run:/${run}`, true);
    expansion.note("run:/0", false);
    expansion.note("run:/500", true);
    const next = new Expansion(kept);
    assert.deepEqual(
      ["run:/0", "run:/1", "run:/2", "run:/500"].map((id) => next.isOpen(id)),
      [false, undefined, true, true],
    );
  });

  it("is unknown where something else was kept", () => {
    for (const kept of [null, "x", { a: 1 }, [["a"], ["b", 1], 3]])
      assert.equal(new Expansion(memory(kept)).isOpen("b"), undefined);
    assert.equal(new Expansion(memory([["a"], ["b", true]])).isOpen("b"), true);
  });
});
