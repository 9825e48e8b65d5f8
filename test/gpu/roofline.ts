import type { Instruction, Program, Value } from "../../engine/compute/graph/program.ts";
import { bytesOf, defined, sizeOf } from "../../engine/compute/graph/tensor.ts";

/** Work that an instruction asks of a card. */
export interface Cost {
  readonly op: string;
  /** Read and written in memory. */
  readonly bytes: number;
  /** Floating-point operations of products. */
  readonly flops: number;
  /** True where they are of bf16, on tensor cores. */
  readonly isBf16: boolean;
}

/** Rates that a card reaches at best. */
export interface Ceilings {
  readonly name: string;
  /** Of a copy, which reads and writes each byte. */
  readonly bytesPerSecond: number;
  readonly f32FlopsPerSecond: number;
  /** By `mma.sync`, which is what our kernels use. */
  readonly bf16FlopsPerSecond: number;
  /** Of a multiprocessor. */
  readonly warps: number;
  readonly blocks: number;
  readonly sharedBytes: number;
  readonly arch: string;
}

/**
 * H100: the copy rate and the share of 63 % of the peak that mma.sync reaches on Hopper were measured by others (arXiv
 * 2501.12084). All other numbers are those of NVIDIA's data sheets and of the CUDA programming guide's table of compute
 * capabilities.
 */
export const CEILINGS: readonly Ceilings[] = [
  {
    name: "H100 SXM",
    bytesPerSecond: 3.0e12,
    f32FlopsPerSecond: 66.9e12,
    bf16FlopsPerSecond: 0.63 * 989e12,
    ...{ arch: "sm_90", warps: 64, blocks: 32, sharedBytes: 228 << 10 },
  },
  {
    name: "A100 80 GB",
    bytesPerSecond: 2.04e12,
    f32FlopsPerSecond: 19.5e12,
    bf16FlopsPerSecond: 312e12,
    ...{ arch: "sm_80", warps: 64, blocks: 32, sharedBytes: 164 << 10 },
  },
  {
    name: "RTX 4090",
    bytesPerSecond: 1.008e12,
    f32FlopsPerSecond: 82.6e12,
    bf16FlopsPerSecond: 165.2e12,
    ...{ arch: "sm_89", warps: 48, blocks: 24, sharedBytes: 100 << 10 },
  },
];

/** Costs of a program's instructions: what they cannot help moving and computing. */
export function costsOf({ instructions, values }: Program): readonly Cost[] {
  return instructions.map((instruction) => {
    const inputs = instruction.inputs.map((id) => defined(values[id]));
    const outputs = instruction.outputs.map((id) => defined(values[id]));
    const { op } = instruction;
    return {
      op,
      bytes: bytesMoved(op, inputs, outputs),
      flops: flopsOf(instruction, inputs, outputs),
      isBf16: inputs[0]?.dtype === "bf16",
    };
  });
}

/** Seconds that work cannot fall below: each instruction by whichever takes longer, moving or computing. */
export function secondsOf(costs: ReadonlyMap<Cost, number>, ceilings: Ceilings): number {
  let seconds = 0;
  for (const [{ bytes, flops, isBf16 }, count] of costs) {
    const rate = isBf16 ? ceilings.bf16FlopsPerSecond : ceilings.f32FlopsPerSecond;
    seconds += count * Math.max(bytes / ceilings.bytesPerSecond, flops / rate);
  }
  return seconds;
}

function bytesMoved(op: string, inputs: readonly Value[], outputs: readonly Value[]): number {
  const sum = (values: readonly Value[]): number => values.reduce((total, value) => total + bytesOf(value), 0);
  switch (op) {
    // Of a table or a cache, only some rows are touched.
    case "embedding":
    case "slice":
      return 2 * sum(outputs);
    case "cacheWrite":
      return 2 * sum(inputs.slice(1, 2));
    // The logits of each chunk are written and read, and their gradient once more, for each of two products.
    case "logprob":
      return sum([...inputs, ...outputs]) + 2 * logitBytes(inputs);
    case "logprobGrad":
      return sum([...inputs, ...outputs]) + 5 * logitBytes(inputs);
    case "fullKl":
      return sum([...inputs, ...outputs]) + 4 * logitBytes(inputs);
    default:
      return sum([...inputs, ...outputs]);
  }
}

const logitBytes = ([h, w]: readonly Value[]): number => 4 * rowsOf(h) * rowsOf(w);

const rowsOf = (matrix: Value | undefined): number => matrix?.shape[0] ?? 0;

function flopsOf({ op, attrs }: Instruction, inputs: readonly Value[], outputs: readonly Value[]): number {
  const [first, second] = inputs;
  if (first === undefined) return 0;
  const ofLogits = 2 * sizeOf(first.shape) * rowsOf(second);
  switch (op) {
    case "matmul": {
      const K = first.shape[attrs["transposeA"] === true ? 0 : 1] ?? 0;
      return 2 * sizeOf(outputs[0]?.shape ?? []) * K;
    }
    case "attention":
      return 4 * pairsOf(first, second);
    // Scores again, and gradients by scores, values, queries and keys.
    case "attentionGrad":
      return 10 * pairsOf(first, second);
    case "logprob":
      return ofLogits;
    case "logprobGrad":
      return (attrs["isWeightFrozen"] === true ? 2 : 3) * ofLogits;
    case "fullKl":
      return 2 * ofLogits;
    default:
      return 0;
  }
}

/** Pairs of queries and keys that see each other, times the heads' size: all keys up to a query's own. */
function pairsOf(q: Value, k: Value | undefined): number {
  const [B = 0, T = 0, H = 0, D = 0] = q.shape;
  const S = k?.shape[1] ?? 0;
  return B * H * D * (T * S - (T * (T - 1)) / 2);
}

/** A kernel's share of a multiprocessor. */
export interface Taken {
  readonly registers: number;
  readonly threads: number;
  readonly sharedBytes: number;
}

const [REGISTERS, WARP, REGISTER_GRAIN, BLOCK_SHARED] = [65_536, 32, 256, 1024];

/** Share of a multiprocessor's warps that can be there at a time. */
export function occupancy({ registers, threads, sharedBytes }: Taken, ceilings: Ceilings): number {
  const warps = Math.ceil(threads / WARP);
  const perWarp = Math.ceil((registers * WARP) / REGISTER_GRAIN) * REGISTER_GRAIN;
  const blocks = Math.min(
    Math.floor(REGISTERS / (perWarp * warps)),
    Math.floor(ceilings.sharedBytes / (sharedBytes + BLOCK_SHARED)),
    Math.floor(ceilings.warps / warps),
    ceilings.blocks,
  );
  return (blocks * warps) / ceilings.warps;
}
