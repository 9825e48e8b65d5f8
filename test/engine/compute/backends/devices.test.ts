import assert from "node:assert/strict";
import type { Device } from "../../../../engine/compute/backends/descriptor.ts";
import { queueOf, selectDevices } from "../../../../engine/compute/backends/devices.ts";

const card = (number: number, uuid: string, build = "sm_90"): Device => ({
  id: `cuda:${number}`,
  name: "cuda, H100",
  uuid: uuid.padEnd(32, "0"),
  limits: {},
  build,
});
const [a, b, c] = [card(0, "7d1cab"), card(1, "7d1c05"), card(2, "99aa", "sm_80")];
const cards = [a, b, c] as const;

/** Why a name is refused. */
function lackOf(wanted: string): string {
  const found = selectDevices(cards, wanted);
  assert.ok(typeof found === "string");
  return found;
}

describe("runtime.device", () => {
  it("is the first card unless it says more", () => {
    assert.deepEqual(selectDevices(cards), [a]);
    assert.deepEqual(selectDevices(cards, "auto"), [a]);
  });

  it("names cards by number and by UUID, as nvidia-smi prints it, each once and in that order", () => {
    assert.deepEqual(selectDevices(cards, "1"), [b]);
    assert.deepEqual(selectDevices(cards, "1,0,1"), [b, a]);
    assert.deepEqual(selectDevices(cards, "GPU-7D1Cab00-0000-0000-0000-000000000000"), [a]);
    assert.deepEqual(selectDevices(cards, "GPU-99"), [c]);
  });

  it("is, as all, every card whose results are those of the first", () => {
    assert.deepEqual(selectDevices(cards, "all"), [a, b]);
  });

  it("says what there is where a name is no card's, or several ones'", () => {
    const there = "0 (cuda, H100, GPU-7d1cab00), 1 (cuda, H100, GPU-7d1c0500), 2 (cuda, H100, GPU-99aa0000)";
    assert.equal(selectDevices(cards, "3"), `runtime.device 3 is not there; there is ${there}`);
    assert.match(lackOf("GPU-7d1c"), /^runtime\.device GPU-7d1c may be 0 .*, 1 .*; write more/);
    assert.equal(selectDevices(cards, "0,9"), `runtime.device 9 is not there; there is ${there}`);
    assert.match(lackOf("GPU-"), /is not there/);
  });

  it("refuses cards of two kinds in one run, whose bytes differ", () => {
    assert.match(lackOf("1,2"), /compute different bytes; name cards of one kind$/);
  });

  it("means nothing to a backend that has no cards", () => {
    const processor = { id: "cpu", name: "wasm, 2 threads", limits: {} };
    assert.deepEqual(selectDevices([processor], "5"), [processor]);
    assert.equal(queueOf(processor), "cpu");
  });
});

describe("the queue of a card", () => {
  it("is the same whatever number the card has in a process", () => {
    assert.equal(queueOf(a), queueOf({ ...a, id: "cuda:7" }));
    assert.notEqual(queueOf(a), queueOf({ ...b, id: a.id }));
  });
});
