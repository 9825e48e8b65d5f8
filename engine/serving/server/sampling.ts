/** How the next token is drawn. */
export interface Sampling {
  /** Divides the logits; 0 takes the likeliest token. */
  readonly temperature: number;
  /** Tokens kept, counted from the likeliest; 0 for all. */
  readonly topK: number;
  /** Probability kept, from the likeliest token on, in (0, 1]. */
  readonly topP: number;
}

/** A token with its log-probability, in nats. */
export type TokenLogprob = readonly [id: number, logprob: number];

/** Logits that are no distribution. */
export class LogitsError extends Error {
  override readonly name = "LogitsError";
}

/** Floors of probability, relative to the likeliest token's, below which tokens are looked at only if those above do not do. */
const FLOORS = [1e-3, 1e-6, 0] as const;

/**
 * Draws a token by the inverse of the cumulative distribution, as the op `sample` does on a device: temperature, then
 * top-k, then top-p of what is left; the token is the first in index order whose cumulative probability exceeds the number.
 *
 * Here it is done on the host, for every row of a batch has settings of its own, which a compiled program has not.
 *
 * @param logits - `[V]`.
 * @param sampling - Of this row.
 * @param uniform - In [0, 1).
 * @throws {LogitsError} when the logits are not finite.
 */
export function draw(logits: Float32Array, sampling: Sampling, uniform: number): number {
  const { temperature, topK, topP } = sampling;
  const best = likeliest(logits);
  if (temperature === 0) return best;
  const top = logits[best] ?? 0;
  const weights = new Float64Array(logits.length);
  for (let id = 0; id < logits.length; id++) weights[id] = Math.exp(((logits[id] ?? 0) - top) / temperature);
  const kept = topK > 0 || topP < 1 ? nucleus(logits, weights, { topK, topP }) : undefined;
  let total = 0;
  for (const weight of kept === undefined ? weights : kept.map((id) => weights[id] ?? 0)) total += weight;
  const target = uniform * total;
  let sum = 0;
  let last = best;
  const visit = (id: number): boolean => {
    const weight = weights[id] ?? 0;
    if (weight === 0) return false;
    sum += weight;
    last = id;
    return sum > target;
  };
  if (kept !== undefined) {
    kept.find(visit);
    return last;
  }
  for (let id = 0; id < weights.length; id++) if (visit(id)) break;
  return last;
}

/** Ids that top-k and top-p keep, in index order. */
function nucleus(
  logits: Float32Array,
  weights: Float64Array,
  { topK, topP }: Pick<Sampling, "topK" | "topP">,
): readonly number[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  for (const floor of FLOORS) {
    const ids: number[] = [];
    for (let id = 0; id < weights.length; id++) if ((weights[id] ?? 0) >= floor) ids.push(id);
    const isAll = floor === 0;
    if (!isAll && topK > ids.length) continue;
    ids.sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b);
    const first = topK > 0 ? ids.slice(0, topK) : ids;
    const mass = topK > 0 ? first.reduce((sum, id) => sum + (weights[id] ?? 0), 0) : whole;
    let sum = 0;
    const end = topP === 1 ? first.length - 1 : first.findIndex((id) => (sum += weights[id] ?? 0) >= topP * mass);
    if (end < 0 && !isAll) continue; // the nucleus reaches below the floor
    return first.slice(0, end < 0 ? first.length : end + 1).sort((a, b) => a - b);
  }
  return [];
}

/** The first of the largest logits. @throws {LogitsError} when they are not finite. */
export function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if ((logits[id] ?? 0) > (logits[best] ?? 0)) best = id;
  const top = logits[best] ?? NaN;
  if (!Number.isFinite(top) || Number.isNaN(logits[0]))
    throw new LogitsError("the model gives numbers that are not finite");
  return best;
}

/** Log-probabilities of one distribution, before temperature and truncation. */
export class Distribution {
  private readonly logits: Float32Array;
  private readonly logTotal: number;

  /** @param logits - `[V]`. @throws {LogitsError} when they are not finite. */
  constructor(logits: Float32Array) {
    this.logits = logits;
    const top = logits[likeliest(logits)] ?? 0;
    let total = 0;
    for (const logit of logits) total += Math.exp(logit - top);
    this.logTotal = top + Math.log(total);
  }

  /** Of a token, in nats. */
  logprob(id: number): number {
    return (this.logits[id] ?? -Infinity) - this.logTotal;
  }

  /** Place of a token among all, the likeliest being 1. */
  rank(id: number): number {
    const own = this.logits[id] ?? -Infinity;
    let rank = 1;
    for (const logit of this.logits) if (logit > own) rank += 1;
    return rank;
  }

  /** The `count` likeliest tokens, likeliest first. */
  top(count: number): readonly TokenLogprob[] {
    const best: number[] = [];
    const at = (place: number): number => this.logits[best[place] ?? -1] ?? -Infinity;
    if (count === 0) return [];
    for (let id = 0; id < this.logits.length; id++) {
      const logit = this.logits[id] ?? -Infinity;
      if (best.length === count && logit <= at(count - 1)) continue;
      let place = best.length;
      while (place > 0 && at(place - 1) < logit) place -= 1;
      best.splice(place, 0, id);
      if (best.length > count) best.pop();
    }
    return best.map((id) => [id, this.logprob(id)] as const);
  }
}
