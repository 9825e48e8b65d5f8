import { from, share, to } from "./control";
import { Four } from "./elements";

const GRAIN: i32 = 2048;

/**
 * args: n, p, m, v (all three overwritten; not at all where the scale is not above 0, NaN included), g, hyper, scale,
 * p's copy in bf16 (overwritten) or 0.
 */
export function adamw(args: usize): void {
  if (!(load<f32>(load<usize>(args, 24)) > 0)) return;
  share(load<i32>(args), GRAIN);
  const hyper = load<usize>(args, 20);
  const rate = load<f32>(hyper);
  const beta1 = load<f32>(hyper, 4);
  const beta2 = load<f32>(hyper, 8);
  const keep = f32x4.splat(<f32>1 - rate * load<f32>(hyper, 16));
  const step = f32x4.splat(rate / load<f32>(hyper, 20));
  const rootCorrection = f32x4.splat(<f32>1 / sqrt<f32>(load<f32>(hyper, 24)));
  const decay1 = f32x4.splat(beta1);
  const decay2 = f32x4.splat(beta2);
  const gain1 = f32x4.splat(<f32>1 - beta1);
  const gain2 = f32x4.splat(<f32>1 - beta2);
  const eps = f32x4.splat(load<f32>(hyper, 12));
  const scale = v128.load32_splat(load<usize>(args, 24));
  const begin = (<usize>from) << 2;
  const end = (<usize>to) << 2;
  const p = load<usize>(args, 4);
  const m = load<usize>(args, 8);
  const v = load<usize>(args, 12);
  const g = load<usize>(args, 16);
  const copy = load<usize>(args, 28);
  for (let at = begin; at < end; at += 16) {
    const grad = f32x4.mul(v128.load(g + at), scale);
    const mean = f32x4.relaxed_madd(grad, gain1, f32x4.mul(v128.load(m + at), decay1));
    const square = f32x4.relaxed_madd(f32x4.mul(grad, grad), gain2, f32x4.mul(v128.load(v + at), decay2));
    v128.store(m + at, mean);
    v128.store(v + at, square);
    const spread = f32x4.relaxed_madd(f32x4.sqrt(square), rootCorrection, eps);
    const move = f32x4.div(f32x4.mul(mean, step), spread);
    const moved = f32x4.sub(f32x4.mul(v128.load(p + at), keep), move);
    v128.store(p + at, moved);
    if (copy != 0) Four.storeBf16(copy + (at >> 1), moved);
  }
}
