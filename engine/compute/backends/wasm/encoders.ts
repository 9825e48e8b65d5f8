import { DTYPES } from "../../graph/dtype.ts";
import { defined } from "../../graph/tensor.ts";
import { type Call, type EncoderTable, type KernelCall, type Operand, type Word, doubleWords } from "./instruction.ts";
import { WORKSPACE_BYTES } from "./layout.ts";

const UNARY = ["neg", "exp", "log", "abs", "square", "sqrt", "sigmoid", "logSigmoid", "tanh"] as const;
const BINARY = ["add", "sub", "mul", "div", "minimum", "maximum", "lessEqual"] as const;
const GATES = ["silu", "geluTanh"] as const;

/** Sizes that kernels in assembly/ share with their callers. */
const SUM_CHUNK = 8192;
const NORM_CHUNK = 64;
const LOGITS_BLOCK_BYTES = 512 * 512 * 4;
const WIDEST_HEAD = 512;
/** Address of a result that is not wanted. */
const NOWHERE = 0;
/** Keys whose scores fit a workspace beside the packed matrices, when queries are answered one by one. */
const MOST_KEYS = WORKSPACE_BYTES / 8;

const float = (x: number): Word => ({ f32: x });
const flag = (x: boolean): Word => (x ? 1 : 0);
const addresses = (operands: readonly (Operand | undefined)[]): readonly Word[] =>
  operands.map((operand) => defined(operand).address);
const width = (operand: Operand | undefined): number => DTYPES[defined(operand).dtype].bytes;
const dim = (operand: Operand | undefined, axis: number): number => defined(defined(operand).shape.at(axis));

/** How each op of the engine becomes a call of a kernel. */
export const ENCODERS: EncoderTable = {
  unary({ attrs, inputs: [x], outputs: [y] }) {
    return { kernel: "unary", args: [UNARY.indexOf(attrs.kind), defined(y).size, ...addresses([x, y])] };
  },

  binary({ attrs, inputs, outputs: [y] }) {
    const { size } = defined(y);
    // A constant is one number, however many elements it stands for.
    const ones = inputs.map((operand) => operand.size === 1 || operand.isConstant);
    const operands = inputs.map((operand, index) => (defined(ones[index]) ? operand.oneElement : operand.address));
    return {
      kernel: "binary",
      args: [BINARY.indexOf(attrs.kind), size, ...operands, defined(y).address, ...ones.map(flag)],
    };
  },

  cast: ({ inputs: [x], outputs: [y] }) => ({
    kernel: "cast",
    args: [defined(y).size, width(y), ...addresses([x, y])],
  }),

  sum({ inputs: [x], outputs: [y], scratch }) {
    const { size } = defined(x);
    return { kernel: "sum", args: [size, ...addresses([x, y]), scratch(Math.ceil(size / SUM_CHUNK) * 4)] };
  },

  sumSquares({ inputs, outputs: [y], scratch }) {
    const chunks = inputs.reduce((count, { size }) => count + Math.ceil(size / SUM_CHUNK), 0);
    const pairs = inputs.flatMap(({ size, address }) => [size, address]);
    return { kernel: "sumSquares", args: [defined(y).address, scratch(chunks * 4), inputs.length, ...pairs] };
  },

  matmul({ attrs: { transposeA, transposeB }, inputs: [a, b, addend], outputs: [y] }) {
    const sizes = [dim(y, 0), dim(y, 1), dim(a, transposeA ? 0 : 1)];
    const flags = [flag(transposeA), flag(transposeB)];
    const isBias = addend !== undefined && addend.size !== defined(y).size;
    const operands = [...addresses([a, b, y]), addend?.address ?? 0];
    return { kernel: "matmul", args: [...sizes, ...flags, ...operands, flag(isBias), width(b)] };
  },

  addBias({ inputs: [x, bias], outputs: [y] }) {
    const channels = defined(bias).size;
    return { kernel: "addBias", args: [defined(x).size / channels, channels, ...addresses([x, bias, y])] };
  },

  sumRows: ({ inputs: [x], outputs: [y] }) => ({
    kernel: "sumRows",
    args: [dim(x, 0), dim(x, 1), ...addresses([x, y])],
  }),

  embedding: ({ inputs: [table, ids], outputs: [y] }) => gather(table, ids, y),
  embeddingGrad: ({ inputs: [ids, dy], outputs: [dTable] }) => scatter(ids, dy, dTable),

  rmsNorm({ attrs: { eps, offset }, inputs: [x, w], outputs: [y, rstd] }) {
    const args = [defined(rstd).size, dim(x, -1), float(eps), float(offset), ...addresses([x, w, y, rstd])];
    return { kernel: "rmsNorm", args };
  },

  rmsNormGrad({ attrs: { offset }, inputs: [x, w, rstd, dy, addend], outputs: [dx, dw], scratch }) {
    const rows = defined(rstd).size;
    const channels = dim(x, -1);
    const partials = scratch(Math.ceil(rows / NORM_CHUNK) * channels * 4);
    const operands = [...addresses([x, w, rstd, dy, dx, dw]), addend?.address ?? 0];
    return { kernel: "rmsNormGrad", args: [rows, channels, float(offset), ...operands, partials] };
  },

  rope({ attrs, inputs: [x, positions], outputs: [y] }) {
    const headSize = dim(x, 3);
    const frequencies = attrs.frequencies.flatMap((frequency) => doubleWords(frequency));
    const sizes = [dim(x, 0) * dim(x, 1), dim(x, 2), headSize, flag(attrs.inverse)];
    return { kernel: "rope", args: [...sizes, ...addresses([x, positions, y]), ...frequencies] };
  },

  attention: (call) => ({ kernel: "attention", args: attentionArgs(call) }),
  attentionGrad: (call) => ({ kernel: "attentionGrad", args: attentionArgs(call) }),

  gatedActivation({ attrs, inputs, outputs: [y] }) {
    const args = [GATES.indexOf(attrs.kind), defined(y).size, ...addresses([...inputs, y])];
    return { kernel: "gatedActivation", args };
  },

  gatedActivationGrad({ attrs, inputs, outputs }) {
    const args = [GATES.indexOf(attrs.kind), defined(inputs[0]).size, ...addresses([...inputs, ...outputs])];
    return { kernel: "gatedActivationGrad", args };
  },

  logprob({ attrs, inputs, outputs }) {
    return {
      kernel: "logprob",
      args: [
        ...headSizes(inputs),
        float(attrs.temperature),
        ...addresses([...inputs, ...outputs]),
        float(attrs.softcap),
        width(inputs[1]),
      ],
    };
  },

  logprobGrad({ attrs, inputs, outputs, scratch }) {
    const results = attrs.isWeightFrozen === true ? [...addresses(outputs), NOWHERE] : addresses(outputs);
    const operands = [...addresses(inputs), ...results, scratch(LOGITS_BLOCK_BYTES)];
    const settings = [float(attrs.softcap), width(inputs[1])];
    return { kernel: "logprobGrad", args: [...headSizes(inputs), float(attrs.temperature), ...operands, ...settings] };
  },

  fullKl({ attrs, inputs, outputs }) {
    const sizes = [...headSizes(inputs), dim(inputs[2], 1)];
    const operands = addresses([...inputs, ...outputs]);
    const settings = [float(attrs.softcap), width(inputs[1]), width(inputs[3])];
    return { kernel: "fullKl", args: [...sizes, float(attrs.temperature), ...operands, ...settings] };
  },

  sample({ attrs: { temperature, topK, topP, softcap }, inputs, outputs, scratch }) {
    const [B, V] = [dim(inputs[0], 0), dim(inputs[0], 1)];
    const weights = scratch(B * V * 4);
    const ranks = scratch(B * V * 4);
    const settings = [float(temperature), topK, float(topP)];
    const operands = [...addresses([...inputs, ...outputs]), weights, ranks];
    const capped = softcap > 0 ? scratch(B * V * 4) : 0;
    return { kernel: "sample", args: [B, V, ...settings, ...operands, float(softcap), capped] };
  },

  advance({ inputs }) {
    return { kernel: "advance", args: [dim(inputs[0], 0), dim(inputs[0], 1), ...addresses(inputs)] };
  },

  slice({ attrs: { start, length }, inputs: [x], outputs: [y] }) {
    const position = defined(y).size / (dim(y, 0) * length);
    const sizes = [dim(x, 0), dim(x, 1) * position, start * position, length * position];
    return { kernel: "slice", args: [...sizes, ...addresses([x, y])] };
  },

  sliceGrad({ attrs: { start, total }, inputs: [dy], outputs: [dx] }) {
    const position = defined(dx).size / (dim(dx, 0) * total);
    const sizes = [dim(dx, 0), total * position, start * position, dim(dy, 1) * position];
    return { kernel: "sliceGrad", args: [...sizes, ...addresses([dy, dx])] };
  },

  cacheWrite({ inputs: [cache, x, offset] }) {
    const sizes = [dim(x, 0), dim(x, 1), dim(cache, 1), dim(cache, 2) * dim(cache, 3)];
    return { kernel: "cacheWrite", args: [...sizes, ...addresses([cache, x, offset])] };
  },

  accumulate({ inputs: [total, x] }) {
    return { kernel: "accumulate", args: [defined(total).size, ...addresses([total, x])] };
  },

  adamw({ inputs: [p, m, v, g, hyper, scale, copy] }) {
    const operands = [...addresses([p, m, v, g, hyper]), defined(scale).oneElement, copy?.address ?? 0];
    return { kernel: "adamw", args: [defined(p).size, ...operands] };
  },
};

function gather(table: Operand | undefined, ids: Operand | undefined, y: Operand | undefined): KernelCall {
  const sizes = [defined(ids).size, dim(table, 1), dim(table, 0)];
  return { kernel: "gatherRows", args: [...sizes, ...addresses([table, ids, y]), width(table)] };
}

function scatter(ids: Operand | undefined, dy: Operand | undefined, target: Operand | undefined): KernelCall {
  const sizes = [defined(ids).size, dim(target, 1), dim(target, 0)];
  return { kernel: "scatterRows", args: [...sizes, ...addresses([ids, dy, target])] };
}

/** M, C, V of hidden states and an output embedding. */
function headSizes([h, w]: readonly Operand[]): readonly number[] {
  return [dim(h, 0), dim(h, 1), dim(w, 0)];
}

function attentionArgs({
  attrs: { scale, window, softcap },
  inputs,
  outputs,
}: Call<{ readonly scale: number; readonly window: number; readonly softcap: number }>): readonly Word[] {
  const [q, k] = inputs;
  const [B, T, H, D] = defined(q).shape;
  const [S, G] = [dim(k, 1), dim(k, 2)];
  if (defined(D) > WIDEST_HEAD)
    throw new RangeError(`attention: heads of up to ${WIDEST_HEAD} channels, got ${defined(D)}`);
  if (S > MOST_KEYS) throw new RangeError(`attention: up to ${MOST_KEYS} keys, got ${S}`);
  const sizes = [B, T, S, H, G, D].map((size) => defined(size));
  return [...sizes, float(scale), window, ...addresses([...inputs, ...outputs]), float(softcap)];
}
