import { OutOfMemoryError } from "../../backend.ts";
import type { Memory } from "./webAssembly.ts";
import { GUARD_BYTES, MAX_PAGES, PAGE_BYTES, align } from "./layout.ts";

interface Block {
  readonly at: number;
  readonly bytes: number;
}

/** Gives out parts of a WebAssembly memory that grows on demand: first fit, neighbours that are free grow together. */
export class Heap {
  private readonly memory: Memory;
  private readonly maxBytes: number;
  private readonly taken = new Map<number, number>();
  private free: Block[];
  private held = 0;

  /**
   * @param memory - Grows as far as it must.
   * @param base - Address of the first byte to give out.
   * @param maxPages - What the memory can grow to.
   */
  constructor(memory: Memory, base: number, maxPages = MAX_PAGES) {
    this.memory = memory;
    this.maxBytes = maxPages * PAGE_BYTES;
    this.free = [{ at: base, bytes: this.maxBytes - GUARD_BYTES - base }];
  }

  /** Bytes given out and not returned. */
  get allocatedBytes(): number {
    return this.held;
  }

  /**
   * A place for so many bytes; what lies there is arbitrary.
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
    const mib = (count: number): string => (count / 2 ** 20).toFixed(1);
    return new OutOfMemoryError(
      `wasm: no room for ${mib(bytes)} MiB: ${mib(this.held)} of at most ${mib(this.maxBytes)} MiB are in use; ` +
        "use a smaller batch or model, or the webgpu or tfjs backend",
      { cause },
    );
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
