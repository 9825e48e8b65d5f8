import { DTYPES, repeated } from "../../graph/dtype.ts";
import type { Instruction, Program, Value } from "../../graph/program.ts";
import { type DType, defined, sizeOf } from "../../graph/tensor.ts";
import type { OpName } from "../../ops/index.ts";
import { ENCODERS } from "./encoders.ts";
import { Hazards } from "./hazards.ts";
import { type Address, type Call, type Encoder, KERNELS, type Operand, type Word } from "./instruction.ts";
import { align } from "./layout.ts";

/** Of the instruction stream. */
const WORD_BYTES = 4;

/** Inputs that may be bf16, by their places, and ops that give some: weights in two bytes, copies and casts. */
const READ_BF16: Readonly<Partial<Record<string, readonly number[]>>> = {
  cast: [0],
  matmul: [1],
  embedding: [0],
  logprob: [1],
  logprobGrad: [1],
  fullKl: [1, 3],
  adamw: [6],
};
const WRITE_BF16: readonly string[] = ["cast", "adamw"];

/** A program as the kernels read it, but for the addresses, which depend on where memory is given out. */
export interface Encoded {
  /** The instructions, then the program's constants. */
  readonly words: Int32Array;
  /** Words that hold addresses. */
  readonly relocations: readonly (Address & { readonly word: number })[];
  /** Where each instruction begins, for messages. */
  readonly starts: readonly number[];
  /** Size of the arena, including the kernels' own needs while they run. */
  readonly arenaBytes: number;
  /** Variables that the program writes. */
  readonly written: ReadonlySet<string>;
}

/**
 * Encodes a program as a stream of instructions: `[kernel, words in all, wait for all threads first, arguments …]`,
 * closed by a 0.
 *
 * @throws {TypeError} when an op has no kernel.
 */
export function encode(program: Program): Encoded {
  const encoder = new ProgramEncoder(program);
  for (const instruction of program.instructions) encoder.add(instruction);
  return encoder.finish();
}

class ProgramEncoder {
  private readonly program: Program;
  private readonly words: number[] = [];
  private readonly relocations: (Address & { word: number })[] = [];
  private readonly starts: number[] = [];
  private readonly constants = new Constants();
  private readonly hazards = new Hazards();
  private readonly written = new Set<string>();
  private readonly scratchStart: number;
  private arenaBytes: number;

  constructor(program: Program) {
    this.program = program;
    this.scratchStart = align(program.arenaBytes);
    this.arenaBytes = this.scratchStart;
  }

  add(instruction: Instruction): void {
    const encoder = encoderOf(instruction.op);
    this.checkTypes(instruction);
    let scratchBytes = 0;
    const call: Call = {
      attrs: instruction.attrs,
      inputs: instruction.inputs.map((id) => this.operand(id)),
      outputs: instruction.outputs.map((id) => this.operand(id)),
      scratch: (bytes) => {
        const offset = this.scratchStart + scratchBytes;
        scratchBytes += align(bytes);
        return { place: "arena", offset };
      },
    };
    const { kernel, args } = encoder(call);
    this.arenaBytes = Math.max(this.arenaBytes, this.scratchStart + scratchBytes);
    const waits = this.hazards.mustWait(
      instruction.inputs.map((id) => this.extent(id)),
      [...instruction.outputs.map((id) => this.extent(id)), { place: "scratch", from: 0, to: scratchBytes }],
    );
    this.note(instruction);
    this.starts.push(this.words.length);
    this.words.push(KERNELS[kernel], args.length + 3, waits ? 1 : 0);
    for (const word of args) this.push(word);
  }

  finish(): Encoded {
    this.words.push(0);
    const start = align(this.words.length * WORD_BYTES);
    const constants = this.constants.words;
    const words = new Int32Array(start / WORD_BYTES + constants.length);
    words.set(this.words);
    words.set(constants, start / WORD_BYTES);
    // Only now is it known where the constants begin.
    const relocations = this.relocations.map((at) => (at.place === "own" ? { ...at, offset: at.offset + start } : at));
    return { words, relocations, starts: this.starts, arenaBytes: this.arenaBytes, written: this.written };
  }

  /** The kernels compute in f32, and would take bf16 for f32. */
  private checkTypes({ op, inputs, outputs }: Instruction): void {
    const isRead = (id: number, at: number): boolean =>
      this.value(id).dtype !== "bf16" || READ_BF16[op]?.includes(at) === true;
    const isGiven = outputs.every((id) => this.value(id).dtype !== "bf16" || WRITE_BF16.includes(op));
    if (!isGiven || !inputs.every(isRead)) throw new TypeError(`wasm: ${op} computes in f32, and was planned in bf16`);
  }

  private note(instruction: Instruction): void {
    for (const id of instruction.outputs) {
      const buffer = defined(this.program.buffers[this.value(id).buffer]);
      if (buffer.kind === "variable") this.written.add(buffer.name);
    }
  }

  private push(word: Word): void {
    if (typeof word === "number") this.words.push(word);
    else if ("f32" in word) this.words.push(defined(new Int32Array(Float32Array.of(word.f32).buffer)[0]));
    else {
      this.relocations.push({ ...word, word: this.words.length });
      this.words.push(0);
    }
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
      const repeat = (count: number): Address => ({ place: "own", offset: this.constants.place(value, dtype, count) });
      return {
        ...base,
        isConstant: true,
        get address() {
          return repeat(size);
        },
        get oneElement() {
          return repeat(1);
        },
      };
    }
    const address: Address =
      buffer.kind === "arena"
        ? { place: "arena", offset: buffer.offset }
        : { place: { variable: buffer.name }, offset: 0 };
    return { ...base, isConstant: false, address, oneElement: address };
  }

  private extent(id: number): Parameters<Hazards["mustWait"]>[0][number] {
    const { buffer: index } = this.value(id);
    const buffer = defined(this.program.buffers[index]);
    if (buffer.kind === "arena") return { place: "arena", from: buffer.offset, to: buffer.offset + buffer.bytes };
    return { place: buffer.kind === "variable" ? `variable ${buffer.name}` : "constant", from: 0, to: buffer.bytes };
  }
}

function encoderOf(op: string): Encoder {
  if (!Object.hasOwn(ENCODERS, op)) throw new TypeError(`wasm: there is no kernel for op ${op}`);
  // Attributes were checked by the op when the graph was built.
  return ENCODERS[op as OpName] as Encoder;
}

/** Numbers that kernels read from memory, each laid out as often as the longest tensor of it needs. */
class Constants {
  private readonly places = new Map<string, number>();
  private readonly parts: Int32Array[] = [];
  private bytes = 0;

  /** Offset of `count` times the value. */
  place(value: number, dtype: DType, count: number): number {
    const key = `${dtype} ${Object.is(value, -0) ? "-0" : value}×${count}`;
    const known = this.places.get(key);
    if (known !== undefined) return known;
    const offset = this.bytes;
    const { bytes } = DTYPES[dtype];
    const part = repeated(value, dtype, align(count * bytes) / bytes);
    this.parts.push(new Int32Array(part.buffer));
    this.bytes += part.byteLength;
    this.places.set(key, offset);
    return offset;
  }

  get words(): Int32Array {
    const all = new Int32Array(this.bytes / WORD_BYTES);
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}
