import type { FaultKind } from "./errors.ts";
import * as layout from "./layout.ts";
import type { Memory } from "./memory.ts";

const THREAD = layout.THREADS.several;
const PENDING = layout.STAMPS.pending >>> 0;

/** A fault that was found, before it is known where. */
export interface Conflict {
  readonly kind: FaultKind;
  readonly detail: string;
}

/**
 * Judges accesses byte by byte. A stamp's upper bits number an interval, which grows at every launch, block, barrier and
 * warp barrier; its lower ones name the thread. A thread that touched a byte before this launch, or in this block before its last
 * barrier, came before; the thread itself did, and lanes of its warp before the last warp barrier. All others race.
 */
export class Shadow {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  #bound(name: "launchStart" | "blockStart" | "barrierStart" | "warpStart"): number {
    return this.#memory.words[layout.CONTEXT / 4 + layout.WORDS[name]]! >>> 0;
  }

  /** The fault of reading a byte. */
  reading(at: number, stamp: number): Conflict | null {
    const written = this.#memory.written[at - layout.HEAP]!;
    if (written === layout.STAMPS.unwritten) return this.#finding("uninitialised", at, "reads what nobody has written");
    return this.#taken(written, at, "reads") ?? this.#afterWrite(written, at, stamp, "reads");
  }

  /** The fault of reading a byte as constant, which `ld.global.nc` does with pointers that are `const __restrict__`. */
  constant(at: number): Conflict | null {
    if (this.#memory.written[at - layout.HEAP]! < this.#bound("launchStart")) return null;
    return this.#finding("race", at, "reads as constant what this launch has written");
  }

  /** The fault of writing a byte. */
  writing(at: number, stamp: number): Conflict | null {
    const written = this.#memory.written[at - layout.HEAP]!;
    return (
      this.#taken(written, at, "writes") ??
      this.#afterWrite(written, at, stamp, "writes") ??
      this.#afterReading(at, stamp)
    );
  }

  /** The fault of an atomic operation on a byte: it reads and writes, and goes together with others of its kind. */
  atomic(at: number, stamp: number): Conflict | null {
    const written = this.#memory.written[at - layout.HEAP]!;
    if (written === layout.STAMPS.unwritten)
      return this.#finding("uninitialised", at, "changes what nobody has written");
    const together = written >= this.#bound("launchStart") && (written & THREAD) === layout.THREADS.atomic;
    return (
      this.#taken(written, at, "changes") ??
      (together ? null : this.#afterWrite(written, at, stamp, "changes")) ??
      this.#afterReading(at, stamp)
    );
  }

  #taken(written: number, at: number, verb: string): Conflict | null {
    if (written === layout.STAMPS.unallocated)
      return this.#finding("out of bounds", at, `${verb} what is not allocated`);
    if (written !== PENDING) return null;
    return this.#finding("unwaited copy", at, `${verb} what a cp.async that nobody waited for is still to bring`);
  }

  #afterWrite(written: number, at: number, stamp: number, verb: string): Conflict | null {
    if (written < this.#bound("launchStart")) return null;
    if (written < this.#bound("blockStart")) {
      return this.#finding("race", at, `${verb} what a thread of another block of this launch wrote`);
    }
    if (written < this.#bound("barrierStart")) return null;
    const writer = written & THREAD;
    const own = stamp & THREAD;
    if (writer === own) return null;
    if (writer === layout.THREADS.atomic) {
      return this.#finding("race", at, `${verb} what an atomic operation changed, with no barrier in between`);
    }
    if (writer >>> 5 === own >>> 5 && written < this.#bound("warpStart")) return null;
    return this.#finding("race", at, `${verb} what thread ${writer} of the block wrote, with no barrier in between`);
  }

  #afterReading(at: number, stamp: number): Conflict | null {
    const read = this.#memory.read[at - layout.HEAP]!;
    if (read < this.#bound("launchStart")) return null;
    if (read < this.#bound("blockStart")) {
      return this.#finding("race", at, "writes what a thread of another block of this launch reads");
    }
    if (read < this.#bound("barrierStart")) return null;
    const reader = read & THREAD;
    const own = stamp & THREAD;
    if (reader === own) return null;
    const warp = reader >= layout.THREADS.warp ? reader - layout.THREADS.warp : reader >>> 5;
    const before = warp === own >>> 5 && read < this.#bound("warpStart");
    if (before && reader !== layout.THREADS.several) return null;
    const who =
      reader < layout.THREADS.warp ? `thread ${reader} of the block reads` : "several threads of the block read";
    return this.#finding("race", at, `writes what ${who}, with no barrier in between`);
  }

  #finding(kind: FaultKind, at: number, what: string): Conflict {
    return { kind, detail: `${what}: ${this.#memory.describe(at)}` };
  }
}
