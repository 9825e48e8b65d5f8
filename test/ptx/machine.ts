import { BITS } from "./bits.ts";
import { compileKernel, layOut, type Kernel } from "./compile.ts";
import { KernelFault, PtxError, type FaultKind } from "./errors.ts";
import { approx, brain, directed, fma64, half, ofHalf } from "./float.ts";
import * as layout from "./layout.ts";
import { ATOMICS, atomically } from "./atomics.ts";
import { globalAddress, hex, Memory } from "./memory.ts";
import { parsePtx } from "./parse.ts";
import type { PtxModule } from "./ptx.ts";
import { Shadow, type Conflict } from "./shadow.ts";
import { prepare, type Together } from "./together.ts";
import { AsyncCopies } from "./asyncCopies.ts";

/** How a kernel is started. */
export interface Grid {
  readonly grid: readonly [number, number, number];
  readonly block: readonly [number, number, number];
  /** Dynamic shared memory in bytes. */
  readonly sharedBytes: number;
}

/** Runs one step for the lanes of a mask; returns those that branch or exit. */
export type StepFunction = (frame: number, mask: number, first: number, base: number) => number;

/** A kernel with its functions bound to the machine's memory. */
export interface Ready {
  readonly kernel: Kernel;
  /** One for each step: what its lanes run, or what they do together. */
  readonly steps: readonly (StepFunction | Together)[];
}

/** A module that has been loaded. */
export interface Loaded {
  readonly module: PtxModule;
  readonly globals: ReadonlyMap<string, bigint>;
}

/** Intervals that stamps have bits for, less room for marks. */
const INTERVALS = 2 ** (32 - layout.THREAD_BITS) - 4;

type Check = (at: number, stamp: number, pc: number) => void;

/** Texts that have been read, and their kernels for given addresses of variables: suites open device after device. */
const parsed = new Map<string, PtxModule>();
const kernels = new WeakMap<PtxModule, Map<string, Kernel>>();

function compiled(module: PtxModule, name: string, globals: ReadonlyMap<string, bigint>): Kernel {
  const known = kernels.get(module) ?? new Map<string, Kernel>();
  kernels.set(module, known);
  const key = `${name} ${[...globals.values()].join()}`;
  const kernel = known.get(key) ?? compileKernel(module, name, globals);
  known.set(key, kernel);
  return kernel;
}

/** A device: memory, loaded modules, and what the running kernel calls. Launches are run by `launch` of blocks.ts. */
export class Machine {
  readonly memory = new Memory();
  readonly shadow = new Shadow(this.memory);
  readonly copies: AsyncCopies;
  /** Instructions that lanes have taken since the beginning, for measuring. */
  instructions = 0;
  /** The most that a launch may take: a loop without an end ends there. */
  limit = 1e10;
  /** The rest of it. */
  left = 0;
  /** Number of the interval between barriers; the upper bits of stamps. */
  #interval = 0;
  /** The kernel that runs, its block and the block's shape: where a fault is. */
  running: { readonly kernel: Kernel; block: readonly number[]; readonly shape: readonly number[] } | null = null;
  /**
   * The first reading of shared memory that nobody had written, since the last barrier. It waits until there: if another
   * thread writes what was read, a barrier is missing, which tells more.
   */
  #early: { readonly detail: string; readonly stamp: number; readonly pc: number } | null = null;
  readonly #ready = new WeakMap<Loaded, Map<string, Ready>>();
  #checks: Readonly<Record<string, Check>> = {};

  constructor() {
    this.copies = new AsyncCopies(this.memory, (name, at, stamp, pc) => this.#checks[name]!(at, stamp, pc));
  }

  /**
   * Takes a module in and places its variables.
   *
   * @throws PtxError for PTX that is not known, with the line.
   */
  load(ptx: string): Loaded {
    const module = parsed.get(ptx) ?? parsePtx(ptx);
    parsed.set(ptx, module);
    const globals = new Map<string, bigint>();
    for (const { name, size, space, initial } of module.variables) {
      if (space === "shared") continue;
      const address = this.memory.allocate(Math.max(1, size));
      if (address === null) throw new PtxError(`no room for ${name}`);
      globals.set(name, address);
      const at = Number(BigInt.asUintN(32, address));
      this.memory.bytes.fill(0, at, at + size);
      if (initial !== null) this.memory.bytes.set(initial, at);
      this.memory.stamp(at, size, layout.STAMPS.host);
    }
    return { module, globals };
  }

  /** The kernel of a name, compiled when it is first asked for. */
  ready(loaded: Loaded, name: string): Ready {
    const known = this.#ready.get(loaded) ?? new Map<string, Ready>();
    this.#ready.set(loaded, known);
    const found = known.get(name);
    if (found !== undefined) return found;
    const kernel = compiled(loaded.module, name, loaded.globals);
    const instance = new WebAssembly.Instance(kernel.wasm, { env: { memory: this.memory.wasm, ...this.#imports() } });
    const exports = instance.exports as Readonly<Record<string, (...values: (number | bigint)[]) => number>>;
    const checks = exports as unknown as Readonly<Record<string, Check>>;
    const around = {
      memory: this.memory,
      row: (address: number, stamp: number, pc: number): number => {
        const at = exports["shared"]!(address, 16, stamp, pc);
        exports["reading16"]!(at, stamp, pc);
        return at;
      },
      product: exports["multiply"] as unknown as (k: number) => void,
      fail: (kind: FaultKind, detail: string, stamp: number, pc: number): never => this.fail(kind, detail, stamp, pc),
    };
    // The checks are the same functions in every kernel.
    this.#checks = checks;
    const steps = kernel.steps.map((step, at) =>
      step.together === null
        ? (exports[`step${at}`] as StepFunction)
        : prepare(step.together, kernel.slots, around, (symbol) => Number(kernel.shared.get(symbol) ?? 0n)),
    );
    const ready = { kernel, steps };
    known.set(name, ready);
    return ready;
  }

  /** At a barrier, ends the launch if something was read that nobody has written. */
  settle(): void {
    if (this.#early !== null) this.fail("uninitialised", this.#early.detail, this.#early.stamp, this.#early.pc);
  }

  /** Forgets what the last launch has left. */
  clear(): void {
    this.#early = null;
    this.copies.clear();
  }

  /** Ends a launch. */
  fail(kind: FaultKind, detail: string, stamp: number, pc: number): never {
    const { running } = this;
    const early = this.#early;
    this.#early = null;
    // A consequence of a number that was never written says less than where it was read.
    if (early !== null && kind !== "race") return this.fail("uninitialised", early.detail, early.stamp, early.pc);
    if (running === null) throw new PtxError(detail);
    const one = running.kernel.body[pc];
    const [x = 1, y = 1] = running.shape;
    const thread = stamp & layout.THREADS.several;
    throw new KernelFault(kind, detail, {
      kernel: running.kernel.name,
      line: one?.line ?? 0,
      source: one?.source ?? null,
      block: running.block,
      thread: [thread % x, Math.floor(thread / x) % y, Math.floor(thread / (x * y))],
    });
  }

  /** Arguments at their places. */
  writeArguments(kernel: Kernel, packed: Uint8Array): void {
    const { offsets, size } = layOut(kernel.params);
    const least = size - (kernel.params.at(-1)?.size ?? 0);
    if (packed.length < size || (offsets.length > 0 && packed.length <= least) || packed.length > size + 7) {
      throw new PtxError(`${kernel.name} takes ${size} bytes of arguments, not ${packed.length}`);
    }
    if (size > layout.PARAMS_SIZE) throw new PtxError(`${kernel.name}: ${size} bytes of arguments are too many`);
    this.memory.bytes.set(packed, layout.PARAMS);
  }

  /** Begins a launch. */
  begin(): void {
    if (this.#interval > INTERVALS / 2) this.#renew();
    this.left = this.limit;
    this.context("launchStart", this.nextInterval());
  }

  /** The first stamp of a new interval. */
  nextInterval(): number {
    this.#interval++;
    if (this.#interval > INTERVALS) throw new PtxError("a launch with more barriers than stamps can tell apart");
    return this.#interval << layout.THREAD_BITS;
  }

  /** Sets what is the same for all threads. */
  context(name: keyof typeof layout.WORDS, value: number): void {
    this.memory.words[layout.CONTEXT / 4 + layout.WORDS[name]] = value;
  }

  /** Stamps of long ago become the host's, so that intervals can be counted from 0 again. */
  #renew(): void {
    const { written, read, top } = this.memory;
    for (let at = 0; at < top - layout.HEAP; at++)
      if (written[at]! > layout.STAMPS.host) written[at] = layout.STAMPS.host;
    read.fill(0, 0, top - layout.HEAP);
    this.#interval = 0;
  }

  #imports(): WebAssembly.ModuleImports {
    const judge = (finding: Conflict | null, stamp: number, pc: number): void => {
      if (finding !== null) this.fail(finding.kind, finding.detail, stamp, pc);
    };
    return {
      badAddress: (address: bigint, width: number, stamp: number, pc: number) =>
        this.#badAddress(BigInt.asUintN(64, address), width, stamp, pc),
      readSlow: (at: number, count: number, stamp: number, pc: number) => {
        for (let byte = at; byte < at + count; byte++) {
          const finding = this.shadow.reading(byte, stamp);
          if (finding?.kind !== "uninitialised" || byte >= layout.GLOBAL) judge(finding, stamp, pc);
          else this.#early ??= { detail: finding.detail, stamp, pc };
        }
      },
      constant: (at: number, count: number, stamp: number, pc: number) => {
        for (let byte = at; byte < at + count; byte++) judge(this.shadow.constant(byte), stamp, pc);
      },
      writeSlow: (at: number, count: number, stamp: number, pc: number) => {
        for (let byte = at; byte < at + count; byte++) judge(this.shadow.writing(byte, stamp), stamp, pc);
      },
      atomic32: (which: number, at: number, b: number, c: number, stamp: number, pc: number) => {
        this.#atomicCheck(at, 4, stamp, pc, judge);
        const old = this.memory.words[at / 4]!;
        const next = atomically(ATOMICS[which]!, BigInt(old), BigInt(b), BigInt(c), 32);
        this.memory.words[at / 4] = Number(BigInt.asIntN(32, next));
        return old;
      },
      atomic64: (which: number, at: number, b: bigint, c: bigint, stamp: number, pc: number) => {
        this.#atomicCheck(at, 8, stamp, pc, judge);
        const old = this.memory.view.getBigInt64(at, true);
        this.memory.view.setBigInt64(at, atomically(ATOMICS[which]!, old, b, c, 64), true);
        return old;
      },
      copyAsync: (target: number, from: number, width: number, given: number, stamp: number, pc: number) =>
        this.copies.start({ target, from, width, given: given >>> 0, pc }, stamp),
      commitAsync: (stamp: number) => this.copies.commit(stamp),
      waitAsync: (open: number, stamp: number) => this.copies.wait(open, stamp),
      trap: (stamp: number, pc: number) => this.fail("trap", "the kernel gave up", stamp, pc),
      ...BITS,
      directed,
      fma64,
      half,
      ofHalf,
      brain,
      approx,
    };
  }

  #atomicCheck(
    at: number,
    width: number,
    stamp: number,
    pc: number,
    judge: (finding: Conflict | null, stamp: number, pc: number) => void,
  ): void {
    for (let byte = at; byte < at + width; byte++) {
      judge(this.shadow.atomic(byte, stamp), stamp, pc);
      this.memory.written[byte - layout.HEAP] = ((stamp & ~layout.THREADS.several) | layout.THREADS.atomic) >>> 0;
    }
  }

  #badAddress(address: bigint, width: number, stamp: number, pc: number): never {
    const offset = address & 0xffffffffn;
    const window = address >> 32n;
    const name =
      window === BigInt(layout.WINDOWS.shared)
        ? `shared memory at byte ${BigInt.asIntN(32, offset) - BigInt(layout.SHARED_START)}`
        : window === BigInt(layout.WINDOWS.local)
          ? `local memory at byte ${BigInt.asIntN(32, offset)}`
          : address >= globalAddress(layout.GLOBAL) && address < globalAddress(layout.HEAP + layout.HEAP_SIZE)
            ? this.memory.describe(Number(offset))
            : hex(address);
    const misaligned = address % BigInt(width) !== 0n;
    return misaligned
      ? this.fail("misaligned", `${width} bytes at ${name}`, stamp, pc)
      : this.fail("out of bounds", `${width} bytes at ${name}`, stamp, pc);
  }
}
