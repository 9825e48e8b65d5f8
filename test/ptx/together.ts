import { unknown, type Op } from "./emitter.ts";
import type { FaultKind } from "./errors.ts";
import { mmaOf, multiply } from "./fragments.ts";
import type { Slot } from "./compile.ts";
import type { Memory } from "./memory.ts";
import { sizeOf, type Operand } from "./ptx.ts";

/** The warp whose lanes take an instruction together. */
export interface Lanes {
  /** Where its registers lie, in bytes. */
  readonly frame: number;
  /** Stamp of its lane 0. */
  readonly first: number;
  /** Lanes that take the instruction. */
  readonly mask: number;
  /** Lanes that have not exited. */
  readonly live: number;
}

/** Everything that an instruction may ask of the machine beside registers. */
export interface Surroundings {
  readonly memory: Memory;
  /** Checks that a lane may read 16 bytes of shared memory; returns their linear address. */
  readonly row: (address: number, stamp: number, pc: number) => number;
  /** Multiplies matrices, for `mma`. */
  readonly product: (k: number) => void;
  readonly fail: (kind: FaultKind, detail: string, stamp: number, pc: number) => never;
}

/** An instruction made ready: which lanes it waits for, and what it does once they are there. */
export interface Together {
  /** Lanes that must be there, of the operands as lane `lane` has them. */
  readonly waitsFor: (lanes: Lanes, lane: number) => number;
  readonly run: (lanes: Lanes) => void;
  /** Waits for the whole block, or orders the warp's accesses. */
  readonly barrier: "block" | "warp" | null;
}

const ALL = -1;

/** Makes an instruction that lanes take together ready. */
export function prepare(
  op: Op,
  slots: ReadonlyMap<string, Slot>,
  around: Surroundings,
  symbol: (name: string) => number,
): Together {
  const { words } = around.memory;
  /** The word of a register for lane 0, from the frame's beginning. */
  const wordOf = (operand: Operand | undefined): number => {
    const slot = operand?.kind === "register" ? slots.get(operand.name) : undefined;
    if (slot === undefined) throw unknown(op);
    return slot.offset / 4;
  };
  const reader = (operand: Operand | undefined): ((lanes: Lanes, lane: number) => number) => {
    if (operand?.kind === "integer") {
      const value = Number(BigInt.asIntN(32, operand.value));
      return () => value;
    }
    if (operand?.kind === "not") {
      const inner = reader(operand.operand);
      return (lanes, lane) => (inner(lanes, lane) === 0 ? 1 : 0);
    }
    const at = wordOf(operand);
    // Of a register of 64 bits, the lower half.
    const stride = operand?.kind === "register" && sizeOf(slots.get(operand.name)!.type) === 8 ? 2 : 1;
    return ({ frame }, lane) => words[frame / 4 + at + lane * stride]!;
  };
  const writer = (operand: Operand | undefined): ((lanes: Lanes, lane: number, value: number) => void) => {
    if (operand?.kind === "sink") return () => undefined;
    const at = wordOf(operand);
    return ({ frame }, lane, value) => {
      words[frame / 4 + at + lane] = value;
    };
  };
  const tools: Tools = { op, reader, writer, wordOf, around, symbol };
  switch (op.name) {
    case "shfl":
      return shuffle(tools);
    case "vote":
      return vote(tools);
    case "redux":
      return redux(tools);
    case "match":
      return match(tools);
    case "activemask": {
      const write = writer(op.operands[0]);
      return {
        barrier: null,
        waitsFor: () => 0,
        run: (lanes) => each(lanes.mask, (lane) => write(lanes, lane, lanes.mask)),
      };
    }
    case "bar":
    case "barrier":
      return barrier(tools);
    case "mma":
      return mma(tools);
    case "ldmatrix":
      return ldmatrix(tools);
    default:
      throw unknown(op);
  }
}

interface Tools {
  readonly op: Op;
  readonly reader: (operand: Operand | undefined) => (lanes: Lanes, lane: number) => number;
  readonly writer: (operand: Operand | undefined) => (lanes: Lanes, lane: number, value: number) => void;
  readonly wordOf: (operand: Operand | undefined) => number;
  readonly around: Surroundings;
  readonly symbol: (name: string) => number;
}

function each(mask: number, visit: (lane: number) => void): void {
  for (let rest = mask; rest !== 0; rest &= rest - 1) visit(31 - Math.clz32(rest & -rest));
}

function shuffle({ op, reader, writer, around }: Tools): Together {
  const [target, value, by, bounds, members] = op.operands;
  const mode = op.modifiers[1] ?? "";
  if (op.modifiers[0] !== "sync" || !["up", "down", "bfly", "idx"].includes(mode) || op.types.join() !== "b32")
    throw unknown(op);
  const write = writer(target?.kind === "pair" ? target.items[0] : target);
  const inside = target?.kind === "pair" ? writer(target.items[1]) : null;
  const [read, distance, limits, waitsFor] = [reader(value), reader(by), reader(bounds), reader(members)];
  const before = new Int32Array(32);
  const run = (lanes: Lanes): void => {
    each(lanes.mask, (lane) => (before[lane] = read(lanes, lane)));
    each(lanes.mask, (lane) => {
      const b = distance(lanes, lane) & 31;
      const c = limits(lanes, lane);
      const segment = (c >>> 8) & 31;
      const least = lane & segment;
      const most = least | (c & 31 & ~segment);
      const wanted =
        mode === "up" ? lane - b : mode === "down" ? lane + b : mode === "bfly" ? lane ^ b : least | (b & ~segment);
      const valid = mode === "up" ? wanted >= most : wanted <= most;
      const from = valid ? wanted : lane;
      if (((lanes.mask >>> from) & 1) === 0) {
        around.fail(
          "inactive lane",
          `takes the value of lane ${from}, which does not take part`,
          lanes.first + lane,
          op.pc,
        );
      }
      write(lanes, lane, before[from]!);
      inside?.(lanes, lane, valid ? 1 : 0);
    });
  };
  return { barrier: null, waitsFor, run };
}

function vote({ op, reader, writer }: Tools): Together {
  const [target, predicate, members] = op.operands;
  const mode = op.modifiers[1] ?? "";
  if (op.modifiers[0] !== "sync" || !["all", "any", "uni", "ballot"].includes(mode)) throw unknown(op);
  const [write, read, waitsFor] = [writer(target), reader(predicate), reader(members)];
  const run = (lanes: Lanes): void => {
    let ballot = 0;
    each(lanes.mask, (lane) => {
      if (read(lanes, lane) !== 0) ballot |= 1 << lane;
    });
    const all = ballot === lanes.mask;
    const result = { all, any: ballot !== 0, uni: all || ballot === 0 }[mode];
    each(lanes.mask, (lane) => write(lanes, lane, result === undefined ? ballot : Number(result)));
  };
  return { barrier: null, waitsFor, run };
}

const REDUCTIONS: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => (a + b) | 0,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  mins: (a, b) => Math.min(a, b),
  maxs: (a, b) => Math.max(a, b),
  minu: (a, b) => Math.min(a >>> 0, b >>> 0) | 0,
  maxu: (a, b) => Math.max(a >>> 0, b >>> 0) | 0,
};

function redux({ op, reader, writer }: Tools): Together {
  const [target, value, members] = op.operands;
  const name = op.modifiers[1] ?? "";
  const reduce = REDUCTIONS[name.startsWith("m") ? `${name}${op.type[0] ?? ""}` : name];
  if (reduce === undefined || !/^[bus]32$/.test(op.type)) throw unknown(op);
  const [write, read, waitsFor] = [writer(target), reader(value), reader(members)];
  const run = (lanes: Lanes): void => {
    let result: number | null = null;
    each(lanes.mask, (lane) => {
      const one = read(lanes, lane);
      result = result === null ? one : reduce(result, one);
    });
    each(lanes.mask, (lane) => write(lanes, lane, result ?? 0));
  };
  return { barrier: null, waitsFor, run };
}

function match({ op, reader, writer }: Tools): Together {
  const [target, value, members] = op.operands;
  if (op.modifiers.join() !== "any,sync" || op.type !== "b32") throw unknown(op);
  const [write, read, waitsFor] = [writer(target), reader(value), reader(members)];
  const run = (lanes: Lanes): void => {
    const values: number[] = [];
    each(lanes.mask, (lane) => (values[lane] = read(lanes, lane)));
    each(lanes.mask, (lane) => {
      let same = 0;
      each(lanes.mask, (other) => (same |= values[other] === values[lane] ? 1 << other : 0));
      write(lanes, lane, same);
    });
  };
  return { barrier: null, waitsFor, run };
}

/** Barriers of the warp, and of all threads of the block; those of some of its warps are not known. */
function barrier({ op, reader }: Tools): Together {
  const nothing = (): void => undefined;
  if (op.modifiers.join() === "warp,sync") {
    return { barrier: "warp", waitsFor: reader(op.operands[0]), run: nothing };
  }
  if (
    !["sync", "cta,sync", "sync,aligned", "cta,sync,aligned"].includes(op.modifiers.join()) ||
    op.operands.length !== 1
  )
    throw unknown(op);
  return { barrier: "block", waitsFor: () => ALL, run: nothing };
}

function mma({ op, wordOf, around }: Tools): Together {
  const shape = mmaOf(op.opcode);
  if (shape === null) throw unknown(op);
  const at = op.operands.map((operand) => (operand.kind === "vector" ? operand.items.map(wordOf) : []));
  const count = (shape.k * (shape.type === "tf32" ? 4 : 2)) / 16;
  if (at.map(({ length }) => length).join() !== [4, 2 * count, count, 4].join()) throw unknown(op);
  const run = ({ frame, mask, first }: Lanes): void => {
    if (mask !== ALL) around.fail("inactive lane", "a matrix instruction without all 32 lanes", first, op.pc);
    multiply(shape, around.memory, (operand, index) => frame / 4 + at[operand]![index]!, around.product);
  };
  return { barrier: null, waitsFor: () => ALL, run };
}

/** Eight rows of eight 16-bit values for each matrix, whose addresses eight lanes each give. */
function ldmatrix({ op, wordOf, reader, around, symbol }: Tools): Together {
  const parsed = /^ldmatrix\.sync\.aligned\.m8n8\.x([124])(\.trans)?\.shared(::cta)?\.b16$/.exec(op.opcode);
  const [target, source] = op.operands;
  if (parsed === null || target?.kind !== "vector" || source?.kind !== "memory") throw unknown(op);
  const matrices = Number(parsed[1]);
  const transposed = parsed[2] !== undefined;
  const at = target.items.map(wordOf);
  if (at.length !== matrices) throw unknown(op);
  const base = source.base.kind === "symbol" ? symbol(source.base.name) : null;
  const wide = source.base.kind === "register" ? reader(source.base) : null;
  const address = (lanes: Lanes, lane: number): number => (base ?? wide?.(lanes, lane) ?? 0) + source.offset;
  const { memory } = around;
  const rows = new Int32Array(32);
  const run = (lanes: Lanes): void => {
    if (lanes.mask !== ALL) around.fail("inactive lane", "a matrix load without all 32 lanes", lanes.first, op.pc);
    for (let lane = 0; lane < 8 * matrices; lane++)
      rows[lane] = around.row(address(lanes, lane), lanes.first + lane, op.pc);
    for (let matrix = 0; matrix < matrices; matrix++) {
      for (let lane = 0; lane < 32; lane++) {
        const [row, column] = [lane >>> 2, 2 * (lane & 3)];
        const word = lanes.frame / 4 + at[matrix]! + lane;
        if (!transposed) memory.words[word] = memory.view.getInt32(rows[8 * matrix + row]! + 2 * column, true);
        else {
          const low = memory.view.getUint16(rows[8 * matrix + column]! + 2 * row, true);
          const high = memory.view.getUint16(rows[8 * matrix + column + 1]! + 2 * row, true);
          memory.words[word] = low | (high << 16);
        }
      }
    }
  };
  return { barrier: null, waitsFor: () => ALL, run };
}
