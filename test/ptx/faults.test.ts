import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { KernelFault, type FaultKind } from "./errors.ts";
import { device, floats, put, run } from "./ownKernels.ts";

const ones = (count: number): Float32Array => new Float32Array(count).fill(1);
const counting = (count: number): Float32Array => Float32Array.from({ length: count }, (_, at) => at);

/** The line of a source on which a text stands, from some kernel's name on. */
function lineOf(kernel: string, text: string): number {
  const lines = readFileSync(new URL("kernels/faults.cu", import.meta.url), "utf8").split("\n");
  const start = lines.findIndex((line) => line.includes(`void ${kernel}(`));
  return lines.findIndex((line, at) => at >= start && line.includes(text)) + 1;
}

/** Asserts that something is a fault of this kind at the line with this text, and returns its message. */
function fault(work: () => void, kind: FaultKind, kernel: string, text: string): KernelFault {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof KernelFault, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.equal(error.place.kernel, kernel);
    assert.equal(error.place.source, `faults.cu:${lineOf(kernel, text)}`, error.message);
    return error;
  }
  assert.fail(`${kernel} ran through`);
}

describe("ptx: planted faults", () => {
  it("a missing __syncthreads is a race", () => {
    const [x, y] = [put(counting(64)), device.allocate(256)];
    run("faults", "reverse", [x, y]);
    assert.deepEqual([...floats(y, 64)], [...counting(64)].reverse());
    const found = fault(() => run("faults", "missingBarrier", [x, y]), "race", "missingBarrier", "tile[t] =");
    assert.match(found.message, /^missingBarrier: race: (reads|writes) what thread \d+ of the block (wrote|reads), with no barrier in between: shared memory at byte \d+; PTX line \d+ \(faults\.cu:\d+\), block \(0, 0, 0\), thread \(\d+, 0, 0\)$/); // prettier-ignore
  });

  it("a tile that is filled again while others read it is a race", () => {
    const [x, y] = [put(counting(128)), device.allocate(256)];
    run("faults", "overwritten", [x, y, 1]);
    fault(() => run("faults", "overwritten", [x, y, 2]), "race", "overwritten", "sum +=");
  });

  it("lanes that pass values on without __syncwarp race", () => {
    const [x, y] = [put(counting(32)), device.allocate(128)];
    run("faults", "withinWarp", [x, y], { threads: 32 });
    assert.deepEqual([...floats(y, 32)], [...counting(32)].map((at) => 31 - (at ^ 1))); // prettier-ignore
    const work = (): void => run("faults", "missingWarpBarrier", [x, y], { threads: 32 });
    fault(work, "race", "missingWarpBarrier", "tile[threadIdx.x] =");
  });

  it("an index off by one at the end is out of bounds", () => {
    const [x, y] = [put(ones(100)), device.allocate(400)];
    run("faults", "offByOne", [x, y, 99], { blocks: 2 });
    const found = fault(
      () => run("faults", "offByOne", [x, y, 100], { blocks: 2 }),
      "out of bounds",
      "offByOne",
      "y[i]",
    );
    assert.match(found.message, /reads what is not allocated: 0x7f00\w+, byte 400 of an allocation of 400;.*block \(1, 0, 0\), thread \(36, 0, 0\)/); // prettier-ignore
  });

  it("an index before the beginning is out of bounds", () => {
    const [x, y] = [put(ones(64)), device.allocate(256)];
    fault(() => run("faults", "differenceBefore", [x, y, 64]), "out of bounds", "differenceBefore", "y[i]");
  });

  it("memory that was given back is out of bounds", () => {
    const [x, y] = [put(ones(64)), device.allocate(256)];
    run("faults", "copyOne", [x, y]);
    device.free(x);
    fault(() => run("faults", "copyOne", [x, y]), "out of bounds", "copyOne", "y[");
  });

  it("shared memory beyond what the launch has is out of bounds, before and after", () => {
    const y = device.allocate(256);
    run("faults", "beyondShared", [y, 8], { sharedBytes: 4 * 72 });
    for (const at of [9, -1, 1 << 20]) {
      const work = (): void => run("faults", "beyondShared", [y, at], { sharedBytes: 4 * 72 });
      fault(work, "out of bounds", "beyondShared", "= 1.0f");
    }
  });

  it("shared memory that nobody has written is uninitialised, also where another block has", () => {
    const y = device.allocate(256);
    fault(() => run("faults", "uninitialisedShared", [y]), "uninitialised", "uninitialisedShared", "y[");
    run("faults", "beyondShared", [y, 0], { sharedBytes: 256 });
    fault(() => run("faults", "uninitialisedShared", [y]), "uninitialised", "uninitialisedShared", "y[");
  });

  it("global memory that nobody has written is uninitialised, for kernels and for the host", () => {
    const [x, y] = [device.allocate(256), device.allocate(256)];
    fault(() => run("faults", "copyOne", [x, y]), "uninitialised", "copyOne", "y[");
    assert.throws(() => floats(x, 64), /byte 0 of an allocation of 256 was never written/);
  });

  it("a vector at an address that is no multiple of its size is misaligned", () => {
    const [x, y] = [put(ones(512)), device.allocate(1024)];
    fault(() => run("faults", "misaligned", [x, y]), "misaligned", "misaligned", "y[");
  });

  it("blocks may add to one sum atomically, and race without", () => {
    const sum = put(Uint32Array.of(0));
    run("faults", "counted", [sum], { blocks: 3 });
    const out = new Uint32Array(1);
    device.copyToHost(new Uint8Array(out.buffer), sum);
    assert.equal(out[0], 3 * ((63 * 64) / 2));
    run("faults", "raceOfBlocks", [sum]);
    const found = fault(() => run("faults", "raceOfBlocks", [sum], { blocks: 2 }), "race", "raceOfBlocks", "*sum");
    assert.match(found.message, /another block/);
  });

  it("a block that reads what another writes races, whichever comes first", () => {
    const x = put(ones(8));
    fault(() => run("faults", "neighbourBlock", [x], { blocks: 8, threads: 1 }), "race", "neighbourBlock", "x[");
  });

  it("a barrier that some threads pass by is divergent", () => {
    const y = device.allocate(256);
    fault(() => run("faults", "divergentBarrier", [y]), "divergent barrier", "divergentBarrier", "__syncthreads");
  });

  it("a barrier that some threads have ended before is divergent", () => {
    const y = device.allocate(256);
    run("faults", "exitBeforeBarrier", [y, 64]);
    for (const n of [63, 32]) {
      const work = (): void => run("faults", "exitBeforeBarrier", [y, n]);
      fault(work, "divergent barrier", "exitBeforeBarrier", "__syncthreads");
    }
  });

  it("a shuffle from a lane that does not take part is caught", () => {
    const [x, y] = [put(new Int32Array(32)), device.allocate(128)];
    fault(() => run("faults", "strayShuffle", [x, y], { threads: 32 }), "inactive lane", "strayShuffle", "__shfl");
  });

  it("cp.async brings nothing before its thread waits for it", () => {
    const [x, y] = [put(counting(128)), device.allocate(512)];
    run("faults", "waitedCopy", [x, y]);
    assert.deepEqual([...floats(y, 128)], [...counting(64).reverse(), ...counting(128).slice(64).reverse()]);
    fault(() => run("faults", "unwaitedCopy", [x, y]), "unwaited copy", "unwaitedCopy", "y[t]");
  });

  it("cp.async that was waited for without a barrier is a fault where others read", () => {
    const [x, y] = [put(counting(64)), device.allocate(256)];
    const work = (): void => run("faults", "copyWithoutBarrier", [x, y]);
    fault(work, "race", "copyWithoutBarrier", "copyAsync(");
  });

  it("memory that is promised to be constant and is not is a race", () => {
    const [x, y] = [put(counting(64)), device.allocate(256)];
    run("faults", "brokenPromise", [x, y]);
    fault(() => run("faults", "brokenPromise", [x, x]), "race", "brokenPromise", "own + x[");
  });

  it("a trap ends the launch, with its thread", () => {
    const x = put(Int32Array.from({ length: 64 }, (_, at) => (at === 33 ? 6 : 0)));
    const found = fault(() => run("faults", "givesUp", [x]), "trap", "givesUp", "__trap");
    assert.deepEqual(found.place.thread, [33, 0, 0]);
  });
});
