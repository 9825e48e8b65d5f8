import type { Tensor } from "../graph/tensor.ts";

/** A bound on scores or logits: x becomes cap·tanh(x / cap). */
export interface SoftcapSettings {
  /** The bound; 0, as unless given, for none. */
  readonly softcap?: number;
}

/**
 * Squeezes numbers into (−cap, cap), nearly unchanged around 0: cap·tanh(x / cap).
 *
 * Bello et al. 2016 (arXiv:1611.09940), section 5, as Gemma 2 (arXiv:2408.00118) applies it to attention scores and
 * logits. Where those are never held as a whole, the op that makes them takes the cap itself.
 */
export function softcap(x: Tensor, cap: number): Tensor {
  return cap === 0 ? x : x.div(cap).tanh().mul(cap);
}

/** @throws {TypeError} unless the cap is 0 or a bound. */
export function requireSoftcap(op: string, cap: number): void {
  if (!(cap >= 0 && Number.isFinite(cap))) throw new TypeError(`${op}: softcap must not be negative, got ${cap}`);
}
