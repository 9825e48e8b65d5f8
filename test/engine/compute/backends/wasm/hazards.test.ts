import assert from "node:assert/strict";
import { type Extent, Hazards } from "../../../../../engine/compute/backends/wasm/hazards.ts";

const arena = (from: number, to: number): Extent => ({ place: "arena", from, to });
const variable = (name: string): Extent => ({ place: `variable ${name}`, from: 0, to: 4 });

describe("wasm hazards", () => {
  it("let instructions that share only what they read run ahead of each other", () => {
    const hazards = new Hazards();
    assert.equal(hazards.mustWait([arena(0, 8)], [arena(8, 16)]), false);
    assert.equal(hazards.mustWait([arena(0, 8)], [arena(16, 24), variable("m")]), false);
    assert.equal(hazards.mustWait([variable("p")], [arena(24, 32)]), false);
  });

  it("make an instruction wait for what it reads, and for readers and writers of what it writes", () => {
    for (const [reads, writes] of [
      [[arena(12, 13)], []],
      [[], [arena(4, 6)]],
      [[], [arena(15, 20)]],
    ] as const) {
      const hazards = new Hazards();
      hazards.mustWait([arena(0, 8)], [arena(8, 16)]);
      assert.equal(hazards.mustWait(reads, writes), true);
    }
  });

  it("forget what came before a meeting", () => {
    const hazards = new Hazards();
    hazards.mustWait([], [arena(0, 8)]);
    assert.equal(hazards.mustWait([arena(0, 8)], [arena(8, 16)]), true);
    assert.equal(hazards.mustWait([arena(0, 8)], [arena(16, 24)]), false);
    assert.equal(hazards.mustWait([arena(16, 24)], []), true);
  });
});
