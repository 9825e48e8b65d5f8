import { type Limits, type MemoryUse, OutOfMemoryError } from "../../backend.ts";
import type { Memory } from "./webAssembly.ts";
import { GUARD_BYTES, MAX_PAGES, PAGE_BYTES, align } from "./layout.ts";

interface Block {
  readonly at: number;
  readonly bytes: number;
}

/** Range of addresses that a heap gives out, and its error advice. */
export interface HeapSettings {
  /** Address of the first byte to give out. */
  readonly base: number;
  /** Limit to the memory's growth; all that addresses can reach unless given. */
  readonly maxPages?: number;
  /** Backends that hold more, for advice when there is no room. */
  readonly roomier?: readonly string[];
}

/** Gives out parts of a WebAssembly memory that grows on demand: first fit, neighbours that are free grow together. */
export class Heap {
  private readonly memory: Memory;
  private readonly maxBytes: number;
  private readonly roomier: readonly string[];
  private readonly taken = new Map<number, number>();
  private free: Block[];
  private held = 0;
  private peak = 0;

  /** @param memory - Grows as far as it must. */
  constructor(memory: Memory, { base, maxPages = MAX_PAGES, roomier = [] }: HeapSettings) {
    this.memory = memory;
    this.maxBytes = maxPages * PAGE_BYTES;
    this.roomier = roomier;
    this.free = [{ at: base, bytes: this.maxBytes - GUARD_BYTES - base }];
  }

  /** Bytes given out and not returned, now and at most. */
  get use(): MemoryUse {
    return { allocatedBytes: this.held, peakBytes: this.peak };
  }

  get limits(): Pick<Limits, "maxBytes"> {
    return { maxBytes: this.maxBytes };
  }

  /**
   * A place for so many bytes, with arbitrary content.
   *
   * @throws {OutOfMemoryError} when no gap is wide enough or the system has no more memory.
   */
  allocate(bytes: number): number {
    const size = align(Math.max(bytes, 1));
    const slot = this.free.findIndex((block) => block.bytes >= size);
    const block = this.free[slot];
    if (block === undefined) throw this.outOfMemory(bytes);
    this.growTo(block.at + size + GUARD_BYTES, bytes);
    if (block.bytes === size) this.free.splice(slot, 1);
    else this.free[slot] = { at: block.at + size, bytes: block.bytes - size };
    this.taken.set(block.at, size);
    this.held += size;
    this.peak = Math.max(this.peak, this.held);
    return block.at;
  }

  /** Takes a place back. */
  release(at: number): void {
    const bytes = this.taken.get(at);
    if (bytes === undefined) throw new RangeError(`heap: nothing was allocated at ${at}`);
    this.taken.delete(at);
    this.held -= bytes;
    const next = this.free.findIndex((block) => block.at > at);
    this.free.splice(next === -1 ? this.free.length : next, 0, { at, bytes });
    this.free = joined(this.free);
  }

  private growTo(bytes: number, asked: number): void {
    const missing = bytes - this.memory.buffer.byteLength;
    if (missing <= 0) return;
    try {
      this.memory.grow(Math.ceil(missing / PAGE_BYTES));
    } catch (cause) {
      throw this.outOfMemory(asked, cause);
    }
  }

  private outOfMemory(bytes: number, cause?: unknown): OutOfMemoryError {
    const { use: memory, limits, roomier } = this;
    return new OutOfMemoryError({ backend: "wasm", bytes, memory, limits, roomier }, { cause });
  }
}

/** Blocks in order of address, with neighbours that touch made one. */
function joined(blocks: readonly Block[]): Block[] {
  const result: Block[] = [];
  for (const block of blocks) {
    const before = result.pop();
    if (before === undefined) result.push(block);
    else if (before.at + before.bytes === block.at) result.push({ at: before.at, bytes: before.bytes + block.bytes });
    else result.push(before, block);
  }
  return result;
}
