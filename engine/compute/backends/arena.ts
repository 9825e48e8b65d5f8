/** Memory that is given out in pieces, at addresses of its own kind. */
interface Memory<A> {
  /** @throws {OutOfMemoryError} when there is no room. */
  allocate(bytes: number): A;
  release(address: A): void;
}

/** One stretch of a backend's memory for the intermediate values of all its programs, which run one after another. */
export class Arena<A> {
  private readonly memory: Memory<A>;
  private readonly nowhere: A;
  private readonly sizes: number[] = [];
  private place: { readonly address: A; readonly bytes: number } | undefined;

  /**
   * @param memory - Where it lies.
   * @param nowhere - The address while no program needs room.
   */
  constructor(memory: Memory<A>, nowhere: A) {
    this.memory = memory;
    this.nowhere = nowhere;
  }

  /** Where it begins now; moves when a larger program comes. */
  get address(): A {
    return this.place?.address ?? this.nowhere;
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
    if (before !== undefined) this.memory.release(before.address);
    this.place = undefined;
    if (bytes === 0) return;
    try {
      this.place = { address: this.memory.allocate(bytes), bytes };
    } catch (error) {
      // The programs that fitted before must still fit.
      if (before !== undefined) this.place = { address: this.memory.allocate(before.bytes), bytes: before.bytes };
      throw error;
    }
  }
}
