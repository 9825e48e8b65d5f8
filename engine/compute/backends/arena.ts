/** Memory that is given out in pieces, at addresses of its own kind. */
interface Memory<A> {
  /** @throws {OutOfMemoryError} when there is no room. */
  allocate(bytes: number): A;
  release(address: A): void;
}

/**
 * One stretch of a backend's memory for the intermediate values of its programs, which run one after another: as much as
 * those need that have run since it was last given up.
 */
export class Arena<A> {
  private readonly memory: Memory<A>;
  private readonly nowhere: A;
  private readonly sizes: number[] = [];
  private place: { readonly address: A; readonly bytes: number } | undefined;
  /** The program that was put there last, for backends whose programs lie in it; undefined once it has moved. */
  tenant: object | undefined;

  /**
   * @param memory - Where it lies.
   * @param nowhere - The address while no program needs room.
   */
  constructor(memory: Memory<A>, nowhere: A) {
    this.memory = memory;
    this.nowhere = nowhere;
  }

  /** Where it begins now; moves when a larger program comes, and when it was given up. */
  get address(): A {
    return this.place?.address ?? this.nowhere;
  }

  /** Makes room for a new program, so that one for which there is none fails before it runs. */
  reserve(bytes: number): void {
    this.fit(bytes);
    this.sizes.push(bytes);
  }

  /** Makes room for a program that is about to run. */
  fit(bytes: number): void {
    if (bytes > (this.place?.bytes ?? 0)) this.resize(bytes);
  }

  /** Gives all of it up until a program runs: between two runs it holds nothing that is wanted. */
  rest(): void {
    this.resize(0);
  }

  /** Frees the memory that only this program needed. */
  release(bytes: number): void {
    this.sizes.splice(this.sizes.indexOf(bytes), 1);
    const most = Math.max(0, ...this.sizes);
    if (most < (this.place?.bytes ?? 0)) this.resize(most);
  }

  private resize(bytes: number): void {
    const before = this.place;
    if (bytes === (before?.bytes ?? 0)) return;
    if (before !== undefined) this.memory.release(before.address);
    this.place = undefined;
    this.tenant = undefined;
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
