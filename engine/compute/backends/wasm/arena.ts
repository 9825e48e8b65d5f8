import type { Heap } from "./heap.ts";

/** One stretch of memory for the intermediate values of all programs, which never run at the same time. */
export class Arena {
  private readonly heap: Heap;
  private readonly sizes: number[] = [];
  private place: { readonly address: number; readonly bytes: number } | undefined;

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** Where it begins now; moves when a larger program comes. */
  get address(): number {
    return this.place?.address ?? 0;
  }

  /** Makes room for a program. */
  reserve(bytes: number): void {
    this.resize(Math.max(bytes, ...this.sizes));
    this.sizes.push(bytes);
  }

  /** Frees the memory that only this program needed. */
  release(bytes: number): void {
    this.sizes.splice(this.sizes.indexOf(bytes), 1);
    this.resize(Math.max(0, ...this.sizes));
  }

  private resize(bytes: number): void {
    const before = this.place;
    if (bytes === (before?.bytes ?? 0)) return;
    if (before !== undefined) this.heap.release(before.address);
    this.place = undefined;
    if (bytes === 0) return;
    try {
      this.place = { address: this.heap.allocate(bytes), bytes };
    } catch (error) {
      // The programs that fitted before must still fit.
      if (before !== undefined) this.place = { address: this.heap.allocate(before.bytes), bytes: before.bytes };
      throw error;
    }
  }
}
