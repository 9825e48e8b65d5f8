import { type DType, defined } from "../../../graph/tensor.ts";
import type { KernelFile } from "../kernelText.ts";
import {
  type AttrsOf,
  type Call,
  type EncoderTable,
  type KernelLaunch,
  type LaunchArgument,
  addresses,
  blocks,
  f32,
  i32,
} from "../launch.ts";

/** As in attention.cuh. */
const WARPS = 4;
const THREADS = 32 * WARPS;
const BLOCK = 16;
const ACROSS = 32;
/** Head sizes that there are kernels for; smaller heads take the next. */
const WIDTHS = [64, 128, 256];
const WIDEST = 256;
/** As SEGMENT in attention.cuh: keys a block where a query's keys are shared. */
const SEGMENT = 128;
/** As in flashAttention.cu: sizes of bf16 heads that tensor cores take, rows of a warp, warps of a block. */
export const FLASH_WIDTHS: readonly number[] = [32, 64, 96, 128, 256];
const FLASH_ROWS = 16;
const FLASH_WARPS = 4;
/** Tiles of a segment of keys by 32 channels. */
const FLASH_STAGES = 4;
/** As in flashAttention.cuh: keys of a segment. */
const flashSegment = (D: number): number => (D <= 128 ? SEGMENT : 32);
/** As in flashAttentionGrad.cu: rows that a block keeps, rows that pass by, and bytes of what is noted of a query. */
const FLASH_GRAD_ROWS = 64;
const flashOthers = (D: number): number => (D <= 128 ? ACROSS : 16);
const FLASH_QUERY_BYTES = 16;
/** With fewer blocks, most of a card is idle, and few queries share their keys among more. Results do not depend on it. */
const ENOUGH_BLOCKS = 512;

interface Sizes {
  readonly B: number;
  readonly T: number;
  readonly S: number;
  readonly H: number;
  readonly G: number;
  readonly D: number;
  /** Part of the kernels' names. */
  readonly width: number;
}

/** Attention and its gradients. */
export const attention: Pick<EncoderTable, "attention" | "attentionGrad"> = {
  attention(call) {
    const { inputs, outputs, scratch } = call;
    const sizes = sizesOf(call);
    const { B, T, S, H, G, D } = sizes;
    const [o, lse] = outputs;
    const { dtype } = defined(o);
    const rows = (T * H) / G;
    const isFlash = isForTensorCores(dtype, D);
    const segment = isFlash ? flashSegment(D) : SEGMENT;
    const splits = rows <= BLOCK && B * G < ENOUGH_BLOCKS ? blocks(S, segment) : 1;
    const queries = B * T * H;
    const partials = splits === 1 ? [null, null] : [scratch(splits * queries * D * 4), scratch(splits * queries * 8)];
    const results = [...addresses([...inputs, o, lse]), ...partials];
    const launch = isFlash ? flash(call, sizes, splits, results) : plain(call, sizes, splits, results);
    if (splits === 1) return [launch];
    const args = [...[queries, T, H, D, splits].map(i32), ...partials, ...addresses([o, lse])];
    const { file } = launch;
    return [launch, perQuery(file, `${file}Join_${dtype}`, queries, args)];
  },

  attentionGrad(call) {
    const { inputs, outputs, scratch } = call;
    const [q, k, v, start, offset, o, lse, dOut] = inputs;
    const [dq, dk, dv] = outputs;
    const sizes = sizesOf(call);
    const { B, T, S, H, G, D, width } = sizes;
    const { dtype } = defined(dq);
    const queries = B * T * H;
    const delta = scratch(queries * 4);
    const operands = [...addresses([q, k, v, start, offset, lse]), delta, ...addresses([dOut])];
    const deltaArgs = [...[queries, T, H, D].map(i32), ...addresses([o, dOut]), delta];
    const isFlash = isForTensorCores(dtype, D);
    const side = isFlash ? FLASH_GRAD_ROWS : BLOCK;
    const others = isFlash ? flashOthers(D) : ACROSS;
    const common = isFlash
      ? {
          file: "flashAttentionGrad" as const,
          name: "flashAttention",
          sharedBytes: 2 * 2 * (side + 2 * others) * D,
          settings: flashSettings(call, sizes),
        }
      : {
          file: "attentionGrad" as const,
          name: "attention",
          sharedBytes: floats(2 * BLOCK * D + 2 * others * odd(D)),
          settings: settings(call, sizes),
        };
    const launch = (gradient: string, count: number, moreBytes: number, results: readonly LaunchArgument[]) => ({
      file: common.file,
      kernel: `${common.name}${gradient}${isFlash ? D : width}_${dtype}`,
      grid: [blocks(count, side), G, B] as const,
      threads: THREADS,
      sharedBytes: common.sharedBytes + moreBytes,
      args: [...common.settings, ...operands, ...results],
    });
    // Gradients of wide heads' keys and values fill the registers of a launch each.
    const gradients = isFlash && D > 128 ? ["KeyGrad", "ValueGrad"] : ["KeyValueGrad"];
    const noted = isFlash ? 2 * others * FLASH_QUERY_BYTES : 0;
    return [
      perQuery("attentionGrad", `attentionDelta_${dtype}`, queries, deltaArgs),
      launch("QueryGrad", (T * H) / G, 0, addresses([dq])),
      ...gradients.map((gradient) => launch(gradient, S, noted, addresses([dk, dv]))),
    ];
  },
};

/** By type and head size alone, not by how many queries there are: a token's numbers are the same in any program. */
const isForTensorCores = (dtype: DType, D: number): boolean => dtype === "bf16" && FLASH_WIDTHS.includes(D);

/** Attention by tensor cores; a warp a block where that is enough for the rows. */
function flash(call: AttentionCall, sizes: Sizes, splits: number, operands: readonly LaunchArgument[]): KernelLaunch {
  const { B, T, H, G, D } = sizes;
  const rows = (T * H) / G;
  const warps = rows <= FLASH_ROWS ? 1 : FLASH_WARPS;
  return {
    file: "flashAttention",
    kernel: `flashAttention${warps === 1 ? "Few" : ""}${D}_bf16`,
    grid: [blocks(rows, warps * FLASH_ROWS), G, B * splits],
    threads: 32 * warps,
    sharedBytes: 2 * warps * FLASH_ROWS * D + FLASH_STAGES * flashSegment(D) * 32 * 2,
    args: [...flashSettings(call, sizes), i32(splits), ...operands],
  };
}

/** Attention by sums of f32. */
function plain(call: AttentionCall, sizes: Sizes, splits: number, operands: readonly LaunchArgument[]): KernelLaunch {
  const { B, T, H, G, D, width } = sizes;
  return {
    file: "attention",
    kernel: `attention${width}_${defined(call.outputs[0]).dtype}`,
    grid: [blocks((T * H) / G, BLOCK), G, B * splits],
    threads: THREADS,
    sharedBytes: floats(BLOCK * D + 2 * ACROSS * odd(D)),
    args: [...settings(call, sizes), i32(splits), ...operands],
  };
}

const floats = (count: number): number => 4 * count;
/** Distance of rows that lanes read side by side. */
const odd = (D: number): number => D | 1;

/** A kernel of one warp a query. */
function perQuery(file: KernelFile, kernel: string, queries: number, args: readonly LaunchArgument[]): KernelLaunch {
  return { file, kernel, grid: [blocks(queries, WARPS), 1, 1], threads: THREADS, args };
}

type AttentionCall = Call<AttrsOf<"attention">>;

function sizesOf({ inputs: [q, k] }: AttentionCall): Sizes {
  const [B = 1, T = 1, H = 1, D = 1] = defined(q).shape;
  const [, S = 1, G = 1] = defined(k).shape;
  const width = WIDTHS.find((widest) => D <= widest);
  if (width === undefined) throw new RangeError(`attention: heads of up to ${WIDEST} channels, got ${D}`);
  return { B, T, S, H, G, D, width };
}

/** The kernels of tensor cores are made for one D each, and do not take it. */
function flashSettings(call: AttentionCall, { T, S, H, G }: Sizes): readonly LaunchArgument[] {
  return [...[T, S, H, G].map(i32), ...scoreSettings(call)];
}

function settings(call: AttentionCall, { T, S, H, G, D }: Sizes): readonly LaunchArgument[] {
  return [...[T, S, H, G, D].map(i32), ...scoreSettings(call)];
}

function scoreSettings({ attrs }: AttentionCall): readonly LaunchArgument[] {
  return [f32(attrs.scale), f32(attrs.softcap), i32(attrs.window)];
}
