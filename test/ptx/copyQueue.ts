import { setImmediate } from "node:timers/promises";
import type { CopyQueue, CudaEvent, DevicePointer, HostMemory } from "../../engine/compute/backends/cuda/driver.ts";
import { PtxError } from "./errors.ts";
import type { Memory } from "./memory.ts";

/** Turns of the event loop after which copies are made that nobody waits for: until then, programs change what they may. */
const LATE_TURNS = 20;

/** A mark in the device's own queue, where all is done at once: its time is that of the host. */
export class PastEvent implements CudaEvent {
  readonly at = performance.now();
  /** Calls that were queued before it. */
  readonly calls: number;

  constructor(calls: number) {
    this.calls = calls;
  }

  isDone(): boolean {
    return true;
  }

  millisecondsSince(earlier: CudaEvent): number {
    return earlier instanceof PastEvent ? this.at - earlier.at : 0;
  }

  release(): void {
    // Nothing is held.
  }
}

/** A mark in a queue of copies. */
class LateEvent implements CudaEvent {
  readonly queue: LateCopies;
  readonly position: number;

  constructor(queue: LateCopies, position: number) {
    this.queue = queue;
    this.position = position;
  }

  isDone(): boolean {
    return this.position <= this.queue.done;
  }

  millisecondsSince(): number {
    return 0;
  }

  release(): void {
    // Nothing is held.
  }
}

/** Pinned memory of a device, and its queues of copies. */
export class CopySide {
  readonly #memory: Memory;
  readonly #calls: () => number;
  readonly #pinned = new Set<ArrayBufferLike>();
  readonly #queues = new Set<LateCopies>();

  /**
   * @param memory - Of the device.
   * @param calls - How many its own queue has had.
   */
  constructor(memory: Memory, calls: () => number) {
    this.#memory = memory;
    this.#calls = calls;
  }

  /** Memory that is gone, not only free, once it is released: who still reads it sees no bytes. */
  allocateHost(length: number): HostMemory {
    const memory = new ArrayBuffer(length);
    this.#pinned.add(memory);
    return {
      bytes: new Uint8Array(memory),
      release: () => {
        if (!this.#pinned.delete(memory)) throw new PtxError("free pinned memory: it was freed before");
        for (const queue of this.#queues) queue.assertNotInto(memory);
        memory.transfer(0);
      },
    };
  }

  openQueue(): CopyQueue {
    const queue = new LateCopies({
      memory: this.#memory,
      calls: this.#calls,
      isPinned: (data) => this.#pinned.has(data.buffer),
      closed: () => void this.#queues.delete(queue),
    });
    this.#queues.add(queue);
    return queue;
  }

  /** Makes the copies before a mark: the device's queue waits for it. */
  waitFor(mark: CudaEvent): void {
    if (mark instanceof LateEvent) mark.queue.catchUp(mark.position);
    else if (!(mark instanceof PastEvent)) throw new PtxError("wait: the event is another driver's");
  }

  /** @throws PtxError when something is left open. */
  assertClosed(): void {
    if (this.#pinned.size > 0) throw new PtxError(`close: ${this.#pinned.size} pieces of pinned memory are not freed`);
    if (this.#queues.size > 0) throw new PtxError(`close: ${this.#queues.size} queues of copies are open`);
  }
}

/** A device as a queue of copies sees it. */
interface Surroundings {
  readonly memory: Memory;
  readonly calls: () => number;
  readonly isPinned: (data: Uint8Array) => boolean;
  readonly closed: () => void;
}

/** Makes copies as late as it may, and refuses those that could begin before what has been queued on the device is done. */
class LateCopies implements CopyQueue {
  readonly #device: Surroundings;
  readonly #copies: { readonly into: ArrayBufferLike; readonly make: () => void }[] = [];
  /** Calls of the device that it waits for. */
  #after = 0;
  /** Copies made. */
  done = 0;

  constructor(device: Surroundings) {
    this.#device = device;
  }

  wait(mark: CudaEvent): void {
    if (mark instanceof PastEvent) this.#after = Math.max(this.#after, mark.calls);
  }

  copyToHost(data: Uint8Array, address: DevicePointer): void {
    const { memory, calls, isPinned } = this.#device;
    if (this.#after < calls())
      throw new PtxError("copy to the host: it may begin before what was queued first is done");
    const make = (): void => {
      const at = memory.host(address, data.length, "copy to the host", { written: true });
      data.set(memory.bytes.subarray(at, at + data.length));
    };
    this.#copies.push({ into: data.buffer, make });
    if (!isPinned(data)) this.catchUp(this.#copies.length);
  }

  record(): CudaEvent {
    return new LateEvent(this, this.#copies.length);
  }

  async finish(): Promise<void> {
    const { length } = this.#copies;
    for (let turn = 0; turn < LATE_TURNS && this.done < length; turn++) await setImmediate();
    this.catchUp(length);
  }

  close(): void {
    this.catchUp(this.#copies.length);
    this.#device.closed();
  }

  /** Makes the first copies, up to so many. */
  catchUp(count: number): void {
    for (; this.done < count; this.done++) this.#copies[this.done]!.make();
  }

  /** @throws PtxError when a copy into the memory is to come. */
  assertNotInto(memory: ArrayBufferLike): void {
    if (this.#copies.slice(this.done).some(({ into }) => into === memory))
      throw new PtxError("free pinned memory: a copy to it is under way");
  }
}
