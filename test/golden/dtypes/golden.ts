import { readFileSync } from "node:fs";

interface Stored {
  readonly f32: readonly number[];
  readonly bf16: readonly number[];
  readonly gradient: Readonly<Record<"x" | "upstream" | "dx", readonly number[]>>;
}

/** f32 numbers cast to bf16 by PyTorch, and its gradient through a cast to bf16 and back. */
export interface GoldenCasts {
  readonly f32: Float32Array;
  readonly bf16: Uint16Array;
  readonly gradient: Readonly<Record<"x" | "upstream" | "dx", Float32Array>>;
}

/** Reads golden.json. */
export function goldenCasts(): GoldenCasts {
  const { f32, bf16, gradient } = JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8")) as Stored;
  const floats = (bits: readonly number[]): Float32Array => new Float32Array(Uint32Array.from(bits).buffer);
  return {
    f32: floats(f32),
    bf16: Uint16Array.from(bf16),
    gradient: { x: floats(gradient.x), upstream: floats(gradient.upstream), dx: floats(gradient.dx) },
  };
}
