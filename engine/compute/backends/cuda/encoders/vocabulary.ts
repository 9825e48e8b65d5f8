import { DTYPES } from "../../../graph/dtype.ts";
import { defined } from "../../../graph/tensor.ts";
import {
  type Address,
  type EncoderTable,
  type KernelLaunch,
  type LaunchArgument,
  type Operand,
  FAULT,
  addresses,
  after,
  blocks,
  dim,
  each,
  f32,
  i32,
  u64,
} from "../launch.ts";
import { TENSOR_ALIGNMENT, matrix, product } from "./product.ts";

const THREADS = 256;
/** Bytes of the rows' states in logprob.cu. */
const STATE_BYTES = 16;
const PAIR_STATE_BYTES = 20;

/** Words [first, first + width) of a vocabulary. */
interface Chunk {
  readonly first: number;
  readonly width: number;
}

/** Ops over the vocabulary, chunk by chunk, and what follows from the token that was drawn. */
export const vocabulary: Pick<EncoderTable, "logprob" | "logprobGrad" | "fullKl" | "sample" | "advance"> = {
  logprob({ attrs, inputs: [h, w, targets], outputs, instruction, logitsHeld, scratch }) {
    const [M, V] = [dim(h, 0), dim(w, 0)];
    const chunks = chunksOf(M, V, logitsHeld);
    const logits = scratch(M * widest(chunks) * 4);
    const states = scratch(M * STATE_BYTES);
    const target = defined(targets).address;
    const scales = [f32(1 / attrs.temperature), f32(attrs.softcap)];
    const finish = [i32(M), i32(V), target, states, ...addresses(outputs), FAULT, i32(instruction)];
    return [
      ...chunks.flatMap((chunk) => [
        logitsOf(defined(h), defined(w), chunk, logits),
        perRow("logprobChunk_f32", M, [i32(chunk.first), i32(chunk.width), ...scales, logits, target, states]),
      ]),
      ...each("logprob", "logprobFinish_f32", M, finish),
    ];
  },

  logprobGrad({ attrs, inputs, outputs: [dh, dw], logitsHeld, scratch }) {
    const [h, w, targets, lse, entropy, dLogprob, dEntropy] = inputs;
    const [M, C, V] = [dim(h, 0), dim(h, 1), dim(w, 0)];
    const { dtype } = defined(h);
    const chunks = chunksOf(M, V, logitsHeld);
    const logits = scratch(M * widest(chunks) * 4);
    // Those of bf16 are for tensor cores, which take rows that begin at certain places.
    const stepOf = (width: number): number => (dtype === "f32" ? width : padded(width));
    const dLogits = dtype === "f32" ? logits : scratch(M * stepOf(widest(chunks)) * DTYPES[dtype].bytes);
    // Sums over several chunks are rounded at the end.
    const isSummed = dtype !== "f32" && chunks.length > 1;
    const sums = isSummed ? { address: scratch(M * C * 4), dtype: "f32" as const } : defined(dh);
    const rows = addresses([targets, lse, entropy, dLogprob, dEntropy]);
    const scales = [f32(1 / attrs.temperature), f32(attrs.softcap)];
    const ofChunks = chunks.flatMap((chunk) => {
      const { first, width } = chunk;
      const n = M * width;
      const step = stepOf(width);
      const hidden = defined(h);
      const byHidden = product({
        ...{ M, N: C, K: width },
        a: matrix(dLogits, dtype, step),
        b: matrix(rowOf(defined(w), first), defined(w).dtype, C),
        y: sums,
        ...(first > 0 && { addend: sums.address }),
      });
      const args = [u64(n), i32(first), i32(width), i32(step), ...scales, logits, ...rows, dLogits];
      const own = [
        logitsOf(hidden, defined(w), chunk, logits),
        ...each("logprob", `logprobGradChunk_${dtype}`, n, args),
        byHidden,
      ];
      if (dw === undefined) return own;
      const byWeights = product({
        ...{ M: width, N: C, K: M },
        a: matrix(dLogits, dtype, step, true),
        b: matrix(hidden.address, hidden.dtype, C),
        y: { address: rowOf(dw, first), dtype: dw.dtype },
      });
      return [...own, byWeights];
    });
    if (!isSummed) return ofChunks;
    const { size, address } = defined(dh);
    return [...ofChunks, ...each("elementwise", `cast_f32_${dtype}`, size, [u64(size), sums.address, address])];
  },

  fullKl({ attrs, inputs: [h, w, hRef, wRef], outputs: [kl], logitsHeld, scratch }) {
    const [M, V] = [dim(h, 0), dim(w, 0)];
    const chunks = chunksOf(M, V, logitsHeld / 2);
    const [logits, logitsRef] = [scratch(M * widest(chunks) * 4), scratch(M * widest(chunks) * 4)];
    const states = scratch(M * PAIR_STATE_BYTES);
    const scales = [f32(1 / attrs.temperature), f32(attrs.softcap)];
    return [
      ...chunks.flatMap((chunk) => [
        logitsOf(defined(h), defined(w), chunk, logits),
        logitsOf(defined(hRef), defined(wRef), chunk, logitsRef),
        perRow("fullKlChunk_f32", M, [i32(chunk.first), i32(chunk.width), ...scales, logits, logitsRef, states]),
      ]),
      ...each("logprob", "fullKlFinish_f32", M, [i32(M), states, defined(kl).address]),
    ];
  },

  sample({ attrs: { temperature, topK, topP, softcap }, inputs, outputs, scratch }) {
    const [B, V] = [dim(inputs[0], 0), dim(inputs[0], 1)];
    const settings = [i32(V), f32(temperature), i32(Math.min(topK, V)), f32(topP), f32(softcap)];
    const args = [...settings, ...addresses(inputs), scratch(B * V * 4), ...addresses(outputs)];
    return [{ file: "sample", kernel: "sample_f32", grid: [B, 1, 1], threads: THREADS, args }];
  },

  advance({ inputs, instruction }) {
    const sizes = [i32(dim(inputs[0], 0)), i32(dim(inputs[0], 1))];
    const args = [...sizes, ...addresses(inputs), FAULT, i32(instruction)];
    return [{ file: "sample", kernel: "advance", grid: [1, 1, 1], threads: THREADS, args }];
  },
};

/** The vocabulary in chunks of which M rows of logits may be held. */
function chunksOf(M: number, V: number, logitsHeld: number): readonly Chunk[] {
  const width = Math.min(V, Math.max(1, Math.floor(logitsHeld / M)));
  return Array.from({ length: blocks(V, width) }, (_, index) => {
    const first = index * width;
    return { first, width: Math.min(width, V - first) };
  });
}

/** The width, rounded up to where the next row of bf16 may begin. */
const padded = (width: number): number => blocks(width, TENSOR_ALIGNMENT) * TENSOR_ALIGNMENT;

const widest = (chunks: readonly Chunk[]): number => defined(chunks[0]).width;

/** Row `row` of a matrix. */
function rowOf(operand: Operand, row: number): Address {
  return after(operand.address, row * dim(operand, 1) * DTYPES[operand.dtype].bytes);
}

/** logits = h·wᵀ for a chunk's words, `[M, width]`. */
function logitsOf(h: Operand, w: Operand, { first, width }: Chunk, logits: Address): KernelLaunch {
  const C = dim(h, 1);
  return product({
    ...{ M: dim(h, 0), N: width, K: C },
    a: matrix(h.address, h.dtype, C),
    b: matrix(rowOf(w, first), w.dtype, C, true),
    y: { address: logits, dtype: "f32" },
  });
}

/** A kernel of one block a row. */
function perRow(kernel: string, rows: number, args: readonly LaunchArgument[]): KernelLaunch {
  return { file: "logprob", kernel, grid: [rows, 1, 1], threads: THREADS, args };
}
