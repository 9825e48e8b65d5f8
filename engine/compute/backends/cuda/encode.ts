import { DTYPES, repeated } from "../../graph/dtype.ts";
import type { Instruction, Program, Value } from "../../graph/program.ts";
import { defined, sizeOf } from "../../graph/tensor.ts";
import type { OpName } from "../../ops/index.ts";
import { encodeAdamw } from "./encoders/optimizer.ts";
import { ENCODERS } from "./encoders/index.ts";
import type { Address, Call, Encoder, KernelLaunch, Operand, TableWord } from "./launch.ts";

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
 * Memory of a card for a program, laid out as for a run. Of one that has no kernels there, heads being too wide, only the
 * intermediate values are counted: it is refused when it is compiled.
 */
export function cardMemory(program: Program): CardMemory {
  try {
    const { arenaBytes, constantBytes, table } = encode(program, LOGITS_HELD);
    return { arenaBytes: align(arenaBytes), ownBytes: align(table.length * WORD_BYTES) + align(constantBytes) };
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

  /** Encodes the instruction at an index, or a run of optimizer steps as one; returns how many it has taken. */
  add(at: number): number {
    const first = defined(this.program.instructions[at]);
    if (first.op !== "adamw") {
      this.launches.push(...encoderOf(first.op)(this.call(first, at)));
      return 1;
    }
    const steps = this.independentSteps(at);
    const calls = steps.map((step, index) => this.call(step, at + index));
    this.launches.push(...encodeAdamw(calls));
    return steps.length;
  }

  finish(): Encoded {
    return {
      launches: this.launches,
      table: this.words,
      fills: [...this.constants.values()],
      constantBytes: this.constantBytes,
      arenaBytes: this.arenaBytes,
    };
  }

  /** The optimizer steps from an index on, none of which reads what one before it has written. */
  private independentSteps(at: number): readonly Instruction[] {
    const steps: Instruction[] = [];
    const written = new Set<number>();
    for (const step of this.program.instructions.slice(at)) {
      if (step.op !== "adamw" || step.inputs.some((id) => written.has(this.value(id).buffer))) break;
      steps.push(step);
      for (const id of step.outputs) written.add(this.value(id).buffer);
    }
    return steps;
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

function encoderOf(op: string): Encoder {
  if (!Object.hasOwn(ENCODERS, op)) throw new TypeError(`cuda: there is no kernel for op ${op}`);
  // Attributes were checked by the op when the graph was built.
  return ENCODERS[op as OpName] as Encoder;
}

/** The number rounded up to a multiple of the alignment. */
export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
