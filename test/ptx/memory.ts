import { PtxError } from "./errors.ts";
import * as layout from "./layout.ts";

/** Allocations begin at multiples of this, and as much lies between them that belongs to nobody. */
const ALIGN = 256;

/** A piece of global memory that a program has taken. */
export interface Allocation {
  /** Linear address. */
  readonly at: number;
  readonly size: number;
}

/** The device's memory: bytes, and for each byte who wrote and who read it last. */
export class Memory {
  readonly wasm = new WebAssembly.Memory({ initial: layout.PAGES, maximum: layout.PAGES });
  readonly bytes = new Uint8Array(this.wasm.buffer);
  readonly words = new Int32Array(this.wasm.buffer);
  readonly floats = new Float32Array(this.wasm.buffer);
  readonly doubles = new Float64Array(this.wasm.buffer);
  readonly view = new DataView(this.wasm.buffer);
  /** Stamps of the last writes, by linear address less {@link layout.HEAP}. */
  readonly written = new Uint32Array(this.wasm.buffer, layout.WRITTEN, layout.HEAP_SIZE);
  /** Stamps of the last readings. */
  readonly read = new Uint32Array(this.wasm.buffer, layout.READ, layout.HEAP_SIZE);
  /** By address, in ascending order of it. */
  readonly allocations = new Map<number, Allocation>();
  readonly #holes: Allocation[] = [{ at: layout.GLOBAL, size: layout.HEAP + layout.HEAP_SIZE - layout.GLOBAL }];

  /** Bytes that can still be taken. */
  get free(): number {
    return this.#holes.reduce((sum, { size }) => sum + size, 0);
  }

  /** The highest linear address that has ever been taken. */
  top = layout.GLOBAL;

  /** Takes memory, or returns null where there is no room; nobody has written to it. */
  allocate(size: number): bigint | null {
    const taken = Math.ceil(size / ALIGN) * ALIGN + ALIGN;
    const hole = this.#holes.findIndex((one) => one.size >= taken);
    if (hole < 0) return null;
    const { at, size: room } = this.#holes[hole]!;
    this.#holes.splice(hole, 1, ...(room > taken ? [{ at: at + taken, size: room - taken }] : []));
    this.allocations.set(at, { at, size });
    this.top = Math.max(this.top, at + taken);
    this.stamp(at, size, layout.STAMPS.unwritten);
    return globalAddress(at);
  }

  /** Gives memory back; from then on it is nobody's. */
  release(address: bigint): void {
    const at = Number(BigInt.asUintN(32, address));
    const found = this.allocations.get(at);
    if (found === undefined || address !== globalAddress(at))
      throw new PtxError(`free: nothing was allocated at ${hex(address)}`);
    this.allocations.delete(at);
    this.stamp(at, found.size, layout.STAMPS.unallocated);
    this.#holes.push({ at, size: Math.ceil(found.size / ALIGN) * ALIGN + ALIGN });
    this.#holes.sort((a, b) => a.at - b.at);
    for (let index = this.#holes.length - 2; index >= 0; index--) {
      const [one, next] = [this.#holes[index]!, this.#holes[index + 1]!];
      if (one.at + one.size === next.at) this.#holes.splice(index, 2, { at: one.at, size: one.size + next.size });
    }
  }

  /** Marks bytes as last written in some way, and read by nobody. */
  stamp(at: number, size: number, stamp: number): void {
    this.written.fill(stamp >>> 0, at - layout.HEAP, at - layout.HEAP + size);
    this.read.fill(0, at - layout.HEAP, at - layout.HEAP + size);
  }

  /**
   * The linear address of bytes that the host touches.
   *
   * @throws PtxError when they are not all within one allocation, or were never written.
   */
  host(address: bigint, size: number, operation: string, { written }: { readonly written: boolean }): number {
    const at = Number(BigInt.asUintN(32, address));
    const found = address === globalAddress(at) ? this.around(at) : null;
    if (found === null || at < found.at || at + size > found.at + found.size) {
      throw new PtxError(`${operation}: ${size} bytes at ${hex(address)} are not within an allocation`);
    }
    if (written) {
      const first = this.written.subarray(at - layout.HEAP, at - layout.HEAP + size).indexOf(layout.STAMPS.unwritten);
      if (first >= 0)
        throw new PtxError(
          `${operation}: byte ${at + first - found.at} of an allocation of ${found.size} was never written`,
        );
    }
    return at;
  }

  /** The allocation that holds a linear address, or the nearest before it. */
  around(at: number): Allocation | null {
    let nearest: Allocation | null = null;
    for (const one of this.allocations.values()) {
      if (one.at <= at && (nearest === null || one.at > nearest.at)) nearest = one;
    }
    return nearest;
  }

  /** The meaning of an address, for messages. */
  describe(at: number): string {
    if (at < layout.GLOBAL) return `shared memory at byte ${at - layout.SHARED - layout.SHARED_START}`;
    const found = this.around(at);
    const name = hex(globalAddress(at));
    return found === null ? name : `${name}, byte ${at - found.at} of an allocation of ${found.size}`;
  }
}

/** The address that kernels know of a linear one. */
export function globalAddress(at: number): bigint {
  return (BigInt(layout.WINDOWS.global) << 32n) + BigInt(at);
}

/** An address in hexadecimal digits. */
export function hex(address: bigint): string {
  return `0x${address.toString(16)}`;
}
