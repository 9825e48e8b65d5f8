import assert from "node:assert/strict";
import fc from "fast-check";
import { OutOfMemoryError } from "../../../../../engine/compute/backend.ts";
import { Arena } from "../../../../../engine/compute/backends/arena.ts";
import { Memory } from "../../../../../engine/compute/backends/wasm/webAssembly.ts";
import { Heap } from "../../../../../engine/compute/backends/wasm/heap.ts";

const BASE = 4096;
const PAGES = 64;
const createMemory = (): Memory => new Memory({ initial: 1, maximum: PAGES, shared: true });
const createHeap = (): Heap => new Heap(createMemory(), { base: BASE, maxPages: PAGES });

describe("wasm heap", () => {
  it("never gives out a byte twice, and joins what is returned", () => {
    const steps = fc.array(fc.record({ bytes: fc.nat(100_000), victim: fc.nat(9) }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (list) => {
        const heap = createHeap();
        const live: { at: number; bytes: number }[] = [];
        for (const { bytes, victim } of list) {
          if (live.length > 8) heap.release(live.splice(victim % live.length, 1)[0]?.at ?? 0);
          const at = heap.allocate(bytes);
          assert.equal(at % 256, 0);
          assert.ok(at >= BASE);
          for (const other of live) assert.ok(at + bytes <= other.at || other.at + other.bytes <= at);
          live.push({ at, bytes });
        }
        for (const { at } of live) heap.release(at);
        assert.equal(heap.use.allocatedBytes, 0);
        assert.equal(heap.allocate(3_000_000), BASE);
      }),
    );
  });

  it("grows its memory only as far as it must", () => {
    const memory = createMemory();
    const heap = new Heap(memory, { base: BASE, maxPages: PAGES });
    heap.allocate(1000);
    const before = memory.buffer.byteLength;
    heap.allocate(1_000_000);
    assert.ok(memory.buffer.byteLength > before);
    assert.ok(memory.buffer.byteLength < 1_300_000);
  });

  it("says what was asked, what is in use and what to do when there is no room", () => {
    const heap = new Heap(createMemory(), { base: BASE, maxPages: PAGES, roomier: ["tfjs"] });
    heap.allocate(2 * 2 ** 20);
    assert.throws(() => heap.allocate(3 * 2 ** 20), {
      name: "OutOfMemoryError",
      message:
        "wasm: no room for 3.0 MiB: 2.0 MiB of at most 4.0 MiB are in use; use a smaller batch or model, " +
        "or runtime.backend tfjs, which holds more",
    });
    assert.equal(heap.use.allocatedBytes, 2 * 2 ** 20);
  });

  it("refuses to take back what it did not give", () => {
    const heap = createHeap();
    heap.release(heap.allocate(10));
    assert.throws(() => {
      heap.release(BASE);
    }, RangeError);
  });
});

describe("wasm arena", () => {
  it("is as large as the largest program that still lives", () => {
    const heap = createHeap();
    const arena = new Arena(heap, 0);
    for (const bytes of [1024, 4096, 2048]) arena.reserve(bytes);
    assert.equal(heap.use.allocatedBytes, 4096);
    arena.release(4096);
    assert.equal(heap.use.allocatedBytes, 2048);
    arena.release(1024);
    arena.release(2048);
    assert.equal(heap.use.allocatedBytes, 0);
  });

  it("stays as it is when a program is too large for the memory", () => {
    const heap = createHeap();
    const arena = new Arena(heap, 0);
    arena.reserve(1024);
    assert.throws(() => {
      arena.reserve(2 ** 30);
    }, OutOfMemoryError);
    assert.equal(heap.use.allocatedBytes, 1024);
    arena.release(1024);
    assert.equal(heap.use.allocatedBytes, 0);
  });
});
