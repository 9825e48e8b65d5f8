import * as layout from "./layout.ts";
import type { Memory } from "./memory.ts";

/** A copy from global to shared memory, in linear addresses. */
export interface AsyncCopy {
  readonly target: number;
  readonly from: number;
  /** Bytes that are written: 4, 8 or 16. */
  readonly width: number;
  /** Bytes that are read; the others become zeros. */
  readonly given: number;
  readonly pc: number;
}

interface Queue {
  open: AsyncCopy[];
  readonly groups: AsyncCopy[][];
}

/**
 * Copies by `cp.async`. Nothing is moved before its thread waits for the group, so that reading earlier is seen;
 * a card may move it at any time in between.
 */
export class AsyncCopies {
  readonly #memory: Memory;
  readonly #check: (name: string, at: number, stamp: number, pc: number) => void;
  readonly #queues = new Map<number, Queue>();

  constructor(memory: Memory, check: (name: string, at: number, stamp: number, pc: number) => void) {
    this.#memory = memory;
    this.#check = check;
  }

  start(copy: AsyncCopy, stamp: number): void {
    const { target, from, width, given, pc } = copy;
    this.#check(`writing${width}`, target, stamp, pc);
    if (given === width) this.#check(`reading${width}`, from, stamp, pc);
    else for (let byte = 0; byte < given; byte++) this.#check("reading1", from + byte, stamp, pc);
    this.#memory.written.fill(layout.STAMPS.pending >>> 0, target - layout.HEAP, target - layout.HEAP + width);
    this.#queue(stamp).open.push(copy);
  }

  commit(stamp: number): void {
    const queue = this.#queue(stamp);
    queue.groups.push(queue.open);
    queue.open = [];
  }

  /** Completes all but the newest groups of a thread; at -1 also what is in no group. */
  wait(open: number, stamp: number): void {
    const queue = this.#queue(stamp);
    if (open === -1) this.commit(stamp);
    while (queue.groups.length > Math.max(open, 0)) {
      for (const copy of queue.groups.shift() ?? []) this.#complete(copy, stamp);
    }
  }

  /** Forgets the copies of a block that has ended. */
  clear(): void {
    this.#queues.clear();
  }

  #queue(stamp: number): Queue {
    const thread = stamp & layout.THREADS.several;
    const found = this.#queues.get(thread) ?? { open: [], groups: [] };
    this.#queues.set(thread, found);
    return found;
  }

  #complete({ target, from, width, given }: AsyncCopy, stamp: number): void {
    const { bytes, written } = this.#memory;
    bytes.copyWithin(target, from, from + given);
    bytes.fill(0, target + given, target + width);
    written.fill(stamp >>> 0, target - layout.HEAP, target - layout.HEAP + width);
  }
}
