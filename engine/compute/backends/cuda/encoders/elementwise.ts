import { DTYPES } from "../../../graph/dtype.ts";
import { defined } from "../../../graph/tensor.ts";
import {
  type AttrsOf,
  type Call,
  type EncoderTable,
  type KernelLaunch,
  type Operand,
  FAULT,
  addresses,
  dim,
  each,
  f32,
  i32,
  u64,
} from "../launch.ts";

/** Kinds in the order of the kernels' enums. */
const UNARY = ["neg", "exp", "log", "abs", "square", "sqrt", "sigmoid", "logSigmoid", "tanh"] as const;
const BINARY = ["add", "sub", "mul", "div", "minimum", "maximum", "lessEqual"] as const;
const GATES = ["silu", "geluTanh"] as const;

/** Ops of one thread an element. */
export const elementwise: Pick<
  EncoderTable,
  | "unary"
  | "binary"
  | "cast"
  | "accumulate"
  | "addBias"
  | "gatedActivation"
  | "gatedActivationGrad"
  | "rope"
  | "slice"
  | "sliceGrad"
  | "cacheWrite"
  | "embedding"
> = {
  unary({ attrs, inputs: [x], outputs: [y] }) {
    const { size, dtype } = defined(y);
    const args = [i32(UNARY.indexOf(attrs.kind)), u64(size), ...addresses([x, y])];
    return each("elementwise", `unary_${dtype}`, size, args);
  },

  binary({ attrs, inputs, outputs: [y] }) {
    const { size, address } = defined(y);
    // A constant is one number, however many elements it stands for.
    const operands = inputs.flatMap((x) =>
      x.size === 1 || x.isConstant ? [x.oneElement, u64(0)] : [x.address, u64(1)],
    );
    const args = [i32(BINARY.indexOf(attrs.kind)), u64(size), ...operands, address];
    const types = inputs.map((x) => x.dtype).join("_");
    return each("elementwise", `binary_${types}`, size, args);
  },

  cast({ inputs: [x], outputs: [y] }) {
    const { size, dtype } = defined(y);
    const args = [u64(size), ...addresses([x, y])];
    return each("elementwise", `cast_${defined(x).dtype}_${dtype}`, size, args);
  },

  accumulate({ inputs: [total, x] }) {
    const { size, dtype } = defined(x);
    return each("elementwise", `accumulate_${dtype}`, size, [u64(size), ...addresses([total, x])]);
  },

  addBias({ inputs: [x, bias], outputs: [y] }) {
    const { size, dtype } = defined(y);
    const args = [u64(size), i32(defined(bias).size), ...addresses([x, bias, y])];
    return each("elementwise", `addBias_${dtype}`, size, args);
  },

  gatedActivation({ attrs, inputs, outputs }) {
    const { size, dtype } = defined(outputs[0]);
    const args = [i32(GATES.indexOf(attrs.kind)), u64(size), ...addresses([...inputs, ...outputs])];
    return each("gatedActivation", `gatedActivation_${dtype}`, size, args);
  },

  gatedActivationGrad({ attrs, inputs, outputs }) {
    const { size, dtype } = defined(outputs[0]);
    const args = [i32(GATES.indexOf(attrs.kind)), u64(size), ...addresses([...inputs, ...outputs])];
    return each("gatedActivation", `gatedActivationGrad_${dtype}`, size, args);
  },

  rope: (call) => ropes([call]),

  slice({ attrs: { start, length }, inputs: [x], outputs: [y] }) {
    const { size } = defined(y);
    const position = size / (dim(y, 0) * length);
    const sizes = [size, dim(x, 1) * position, start * position, length * position].map(u64);
    return each("rows", `slice_${bitsOf(y)}`, size, [...sizes, ...addresses([x, y])]);
  },

  sliceGrad({ attrs: { start, total }, inputs: [dy], outputs: [dx] }) {
    const { size } = defined(dx);
    const position = size / (dim(dx, 0) * total);
    const sizes = [size, total * position, start * position, dim(dy, 1) * position].map(u64);
    return each("rows", `sliceGrad_${bitsOf(dx)}`, size, [...sizes, ...addresses([dy, dx])]);
  },

  cacheWrite: (call) => cacheWrites([call]),

  embedding({ inputs: [table, ids], outputs: [y], instruction }) {
    const { size, dtype } = defined(y);
    const sizes = [u64(size), i32(dim(table, 0)), i32(dim(table, 1))];
    const args = [...sizes, ...addresses([table, ids, y]), FAULT, i32(instruction)];
    return each("embedding", `embedding_${defined(table).dtype}_${dtype}`, size, args);
  },
};

/** One launch for queries, or for queries and keys of the same positions. */
export function ropes([first, second]: readonly Call<AttrsOf<"rope">>[]): readonly KernelLaunch[] {
  const { attrs, inputs, outputs, table } = defined(first);
  const { frequencies, inverse } = attrs;
  const [x, positions] = inputs;
  const half = dim(x, 3) / 2;
  const n = defined(positions).size * half;
  const turns = table(frequencies.map((frequency) => ({ f64: frequency / (2 * Math.PI) })));
  const sizes = [u64(n), i32(dim(x, 2)), i32(half), f32(inverse ? -1 : 1)];
  const others =
    second === undefined
      ? [i32(0), null, null]
      : [i32(dim(second.inputs[0], 2)), ...addresses([second.inputs[0], second.outputs[0]])];
  const args = [...sizes, ...addresses([x, positions]), turns, ...addresses([outputs[0]]), ...others];
  return each("rope", `rope_${defined(outputs[0]).dtype}`, n, args);
}

/** One launch for a cache, or for those of keys and values, which are of one shape and written at one offset. */
export function cacheWrites([first, second]: readonly Call[]): readonly KernelLaunch[] {
  const { inputs, instruction } = defined(first);
  const [cache, x, offset] = inputs;
  const { size } = defined(x);
  const sizes = [dim(x, 1), dim(cache, 1), dim(cache, 2) * dim(cache, 3)].map(i32);
  const others = second === undefined ? [null, null] : addresses(second.inputs.slice(0, 2));
  const args = [u64(size), ...sizes, ...addresses([cache, x]), ...others, ...addresses([offset]), FAULT];
  return each("rows", `cacheWrite_${bitsOf(cache)}`, size, [...args, i32(instruction)]);
}

const bitsOf = (operand: Operand | undefined): number => DTYPES[defined(operand).dtype].bytes * 8;
