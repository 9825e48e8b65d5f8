import { DTYPES, repeated } from "../../graph/dtype.ts";
import type { Instruction, Program, Value } from "../../graph/program.ts";
import { defined, sizeOf } from "../../graph/tensor.ts";
import type { OpName } from "../../ops/index.ts";
import { WORKSPACE_BYTES } from "./cublas/library.ts";
import { cacheWrites, ropes } from "./encoders/elementwise.ts";
import { encodeAdamw } from "./encoders/optimizer.ts";
import { ENCODERS } from "./encoders/index.ts";
import type { Address, AttrsOf, Call, Encoder, KernelLaunch, Operand, TableWord } from "./launch.ts";

/** Places in device memory are multiples of this, like the planner's. */
const ALIGNMENT = 256;
const WORD_BYTES = 8;

/** Logits that ops over the vocabulary hold at a time by default: 64 MiB of them. */
export const LOGITS_HELD = 1 << 24;

/** Memory of a card that a program takes for itself, in bytes. */
export interface CardMemory {
  /** Intermediate values, and what kernels need for themselves: programs take turns in it. */
  readonly arenaBytes: number;
  /** Tables and constants, which each program has of its own. */
  readonly ownBytes: number;
}

/**
 * Memory of a card for a program, laid out as for a run with cuBLASLt, whose workspace counts little. Of one that has no kernels there, heads being too wide, only the
 * intermediate values are counted: it is refused when it is compiled.
 */
export function cardMemory(program: Program): CardMemory {
  try {
    const { arenaBytes, hasProducts, constantBytes, table } = encode(program, LOGITS_HELD);
    const workspaceBytes = hasProducts ? WORKSPACE_BYTES : 0;
    return {
      arenaBytes: align(arenaBytes) + workspaceBytes,
      ownBytes: align(table.length * WORD_BYTES) + align(constantBytes),
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { arenaBytes: align(program.arenaBytes), ownBytes: 0 };
  }
}

/** A constant laid out in memory: a 32-bit word, `count` times. */
export interface Fill {
  /** Among the constants, in bytes. */
  readonly offset: number;
  readonly word: number;
  readonly count: number;
}

/** A program as launches, but for the addresses, which depend on where memory is given out. */
export interface Encoded {
  readonly launches: readonly KernelLaunch[];
  /** Words that kernels read. */
  readonly table: readonly TableWord[];
  readonly fills: readonly Fill[];
  /** Size of all constants. */
  readonly constantBytes: number;
  /** Size of the arena, including what kernels need for themselves. */
  readonly arenaBytes: number;
  /** True where a library of products has something to do, for which it needs its workspace behind that. */
  readonly hasProducts: boolean;
}

/**
 * Encodes a program as a list of launches.
 *
 * @param program - The plan.
 * @param logitsHeld - Logits that ops over the vocabulary hold at a time.
 * @throws {TypeError} when an op has no kernel.
 */
export function encode(program: Program, logitsHeld: number): Encoded {
  const encoder = new ProgramEncoder(program, logitsHeld);
  const { instructions } = program;
  for (let at = 0; at < instructions.length;) at += encoder.add(at);
  return encoder.finish();
}

class ProgramEncoder {
  private readonly program: Program;
  private readonly logitsHeld: number;
  private readonly launches: KernelLaunch[] = [];
  private readonly words: TableWord[] = [];
  private readonly constants = new Map<string, Fill>();
  private readonly scratchStart: number;
  private arenaBytes: number;
  private constantBytes = 0;

  constructor(program: Program, logitsHeld: number) {
    this.program = program;
    this.logitsHeld = logitsHeld;
    this.scratchStart = align(program.arenaBytes);
    this.arenaBytes = this.scratchStart;
  }

  /** Encodes the instruction at an index, or a run that one launch can do; returns how many it has taken. */
  add(at: number): number {
    const first = defined(this.program.instructions[at]);
    const joint = JOINT[first.op];
    const run = joint === undefined ? [first] : this.independent(at, joint);
    const calls = run.map((step, index) => this.call(step, at + index));
    this.launches.push(...(joint === undefined ? encoderOf(first.op)(defined(calls[0])) : joint.encode(calls)));
    return run.length;
  }

  finish(): Encoded {
    return {
      launches: this.launches,
      table: this.words,
      fills: [...this.constants.values()],
      constantBytes: this.constantBytes,
      arenaBytes: this.arenaBytes,
      hasProducts: this.launches.some(({ library }) => library !== undefined),
    };
  }

  /** The instructions from an index on that are alike, and none of which touches what one before it writes, or reads. */
  private independent(at: number, { most, isLike }: Joint): readonly Instruction[] {
    const run: Instruction[] = [];
    const [read, written] = [new Set<number>(), new Set<number>()];
    const first = defined(this.program.instructions[at]);
    for (const step of this.program.instructions.slice(at)) {
      const buffers = (ids: readonly number[]): readonly number[] => ids.map((id) => this.value(id).buffer);
      const [inputs, outputs] = [buffers(step.inputs), buffers(step.outputs)];
      if (run.length === most || step.op !== first.op || !isLike(first, step, this.program)) break;
      if (this.overlap(inputs, written) || this.overlap(outputs, written) || this.overlap(outputs, read)) break;
      run.push(step);
      for (const buffer of inputs) read.add(buffer);
      for (const buffer of outputs) written.add(buffer);
    }
    return run;
  }

  /** True if any of the buffers is one of the others, or has bytes of the arena that one of them has, too. */
  private overlap(some: readonly number[], others: ReadonlySet<number>): boolean {
    const { buffers } = this.program;
    return some.some((index) => {
      if (others.has(index)) return true;
      const own = defined(buffers[index]);
      if (own.kind !== "arena") return false;
      return [...others].some((other) => {
        const { kind, ...rest } = defined(buffers[other]);
        if (kind !== "arena" || !("offset" in rest)) return false;
        return own.offset < rest.offset + rest.bytes && rest.offset < own.offset + own.bytes;
      });
    });
  }

  private call(instruction: Instruction, at: number): Call {
    let scratchBytes = 0;
    return {
      attrs: instruction.attrs,
      inputs: instruction.inputs.map((id) => this.operand(id)),
      outputs: instruction.outputs.map((id) => this.operand(id)),
      instruction: at,
      logitsHeld: this.logitsHeld,
      scratch: (bytes) => {
        const offset = this.scratchStart + scratchBytes;
        scratchBytes += align(bytes);
        this.arenaBytes = Math.max(this.arenaBytes, this.scratchStart + scratchBytes);
        return { place: "arena", offset };
      },
      table: (words) => {
        const offset = this.words.length * WORD_BYTES;
        for (const word of words) this.words.push(word);
        return { place: "table", offset };
      },
    };
  }

  private value(id: number): Value {
    return defined(this.program.values[id]);
  }

  private operand(id: number): Operand {
    const { shape, dtype, buffer: index } = this.value(id);
    const buffer = defined(this.program.buffers[index]);
    const size = sizeOf(shape);
    const base = { shape, dtype, size };
    if (buffer.kind === "constant") {
      const { value } = buffer;
      const place = (count: number): Address => this.constant(value, dtype, count);
      return {
        ...base,
        isConstant: true,
        get address() {
          return place(size);
        },
        get oneElement() {
          return place(1);
        },
      };
    }
    const address: Address =
      buffer.kind === "arena"
        ? { place: "arena", offset: buffer.offset }
        : { place: { variable: buffer.name }, offset: 0 };
    return { ...base, isConstant: false, address, oneElement: address };
  }

  /** Place of `count` times the value, by its offset among the constants. */
  private constant(value: number, dtype: Value["dtype"], count: number): Address {
    const key = `${dtype} ${Object.is(value, -0) ? "-0" : value}×${count}`;
    const known = this.constants.get(key);
    if (known !== undefined) return { place: "constants", offset: known.offset };
    const { bytes } = DTYPES[dtype];
    const word = defined(new Uint32Array(repeated(value, dtype, 4 / bytes).buffer)[0]);
    const offset = this.constantBytes;
    this.constants.set(key, { offset, word, count: Math.ceil((count * bytes) / 4) });
    this.constantBytes += align(count * bytes);
    return { place: "constants", offset };
  }
}

/** Instructions next to each other that one launch can do. */
interface Joint {
  /** At a time. */
  readonly most: number;
  readonly isLike: (first: Instruction, next: Instruction, program: Program) => boolean;
  readonly encode: (calls: readonly Call[]) => readonly KernelLaunch[];
}

const JOINT: Readonly<Record<string, Joint>> = {
  adamw: { most: Infinity, isLike: () => true, encode: encodeAdamw },
  // Keys and values at one offset.
  cacheWrite: {
    most: 2,
    isLike: (first, next, program) =>
      first.inputs[2] === next.inputs[2] && [0, 1].every((at) => isAlike(first, next, at, program)),
    encode: cacheWrites,
  },
  // Queries and keys, which may differ in their heads.
  rope: {
    most: 2,
    isLike: (first, next, program) =>
      first.inputs[1] === next.inputs[1] &&
      JSON.stringify(first.attrs) === JSON.stringify(next.attrs) &&
      isAlike(first, next, 0, program, [2]),
    // Attributes were checked by the op when the graph was built.
    encode: (calls) => ropes(calls as readonly Call<AttrsOf<"rope">>[]),
  },
};

/** True if an input has the same type and shape in both, but for some axes. */
function isAlike(
  first: Instruction,
  next: Instruction,
  at: number,
  { values }: Program,
  free: readonly number[] = [],
): boolean {
  const [a, b] = [first, next].map(({ inputs }) => defined(values[defined(inputs[at])]));
  const { shape, dtype } = defined(a);
  const other = defined(b);
  return dtype === other.dtype && shape.every((size, axis) => free.includes(axis) || size === other.shape[axis]);
}

function encoderOf(op: string): Encoder {
  if (!Object.hasOwn(ENCODERS, op)) throw new TypeError(`cuda: there is no kernel for op ${op}`);
  // Attributes were checked by the op when the graph was built.
  return ENCODERS[op as OpName] as Encoder;
}

/** The number rounded up to a multiple of the alignment. */
export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
