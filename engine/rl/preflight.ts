import { checkShape, type Floats, type RolloutShape } from "./rollout.ts";

/** A first batch that shows that training would go wrong, with the likely cause and what to do. */
export class PreflightError extends Error {
  override readonly name = "PreflightError";
}

/** How responses were drawn, by the settings of the sampler and the log-prob program. */
export interface SamplingFacts {
  readonly temperature: number;
  /** Temperature that the training log-probs divide the logits by. */
  readonly trainingTemperature: number;
  /** 0 is off. */
  readonly topK: number;
  /** 1 is off. */
  readonly topP: number;
}

/** The first rollouts, with their log-probs as the sampler and as the training program see them. */
export interface FirstBatch {
  /** log-prob that the sampler drew each token with, `[B, R]`. */
  readonly sampled: Floats;
  /** log π of the same tokens from the training program, before any update, `[B, R]`. */
  readonly training: Floats;
  /** 1 on response tokens, `[B, R]`. */
  readonly mask: Floats;
  /** Padding in front of each row's prompt, tokens, `[B]`. */
  readonly leftPadding: ArrayLike<number>;
}

/**
 * Largest |difference| of log-probs, nats, that counts as rounding. Decoding and training sum the same f32 products
 * in another order, which moves a log-prob by some 1e-5; every real mismatch moves some token by far more.
 *
 * It is no larger in bf16, where a single number that is rounded to its other neighbour would spread through a model and
 * move a log-prob by some 1e-2: a backend that computes in bf16 gives a token the same bytes in any program, one by one
 * from a cache or all at once, in any batch, so that what is left is the f32 softmax over the vocabulary.
 */
const PREFLIGHT_TOLERANCE = 1e-3;

/**
 * Checks that PPO's ratio is 1 before the first update: the sampler's log-probs equal the training program's.
 * @throws {PreflightError} with the likely cause and its remedy.
 */
export function checkRatio(
  batch: FirstBatch,
  shape: RolloutShape,
  facts: SamplingFacts,
  tolerance: number = PREFLIGHT_TOLERANCE,
): void {
  const { sampled, training, mask } = batch;
  checkShape("checkRatio", shape, { sampled, training, mask });
  const found = differences(sampled, training, mask);
  if (found.nonFinite > 0) {
    throw new PreflightError(
      `preflight: ${found.nonFinite} of ${found.count} response tokens have a log-prob that is not finite; ` +
        "the weights have diverged or a token was sampled that the model gives no probability: " +
        "check the start checkpoint, and that sampling bans no token that the response contains",
    );
  }
  if (found.largest <= tolerance) return;
  const measured =
    `preflight: sampled and training log-probs differ by up to ${found.largest.toPrecision(3)} nats ` +
    `(mean sampled − training ${found.mean.toPrecision(3)}), so the ratio is not 1 before the first update`;
  throw new PreflightError(`${measured}; ${likelyCause(batch, shape, facts, tolerance)}`);
}

/**
 * Checks that the KL of the policy to itself is 0: the reference program, run with the policy's weights.
 * @throws {PreflightError}
 */
export function checkSelfKl(
  training: Floats,
  reference: Floats,
  mask: Floats,
  tolerance: number = PREFLIGHT_TOLERANCE,
): void {
  const { largest, mean, nonFinite } = differences(training, reference, mask);
  if (nonFinite === 0 && largest <= tolerance) return;
  const amount =
    nonFinite > 0 ? "is not finite" : `is ${mean.toPrecision(3)} nats per token, up to ${largest.toPrecision(3)}`;
  throw new PreflightError(
    `preflight: KL of the policy to itself ${amount} where 0 is expected; ` +
      "reference and policy log-probs come from different programs or inputs: " +
      "compare their temperature, padding and attention mask, and that neither uses dropout",
  );
}

/**
 * Checks that the mean ratio of the first minibatch is 1, as the update's own program computes it.
 * @throws {PreflightError}
 */
export function checkFirstRatio(ratio: number): void {
  if (Math.abs(ratio - 1) <= PREFLIGHT_TOLERANCE) return;
  throw new PreflightError(
    `preflight: the mean ratio of the first minibatch is ${ratio} where 1 is expected; ` +
      "the update's log-probs differ from the scorer's: this is a fault of the backend, try another runtime.backend",
  );
}

interface Differences {
  readonly count: number;
  readonly nonFinite: number;
  readonly largest: number;
  readonly mean: number;
}

function differences(a: Floats, b: Floats, mask: Floats): Differences {
  let [count, nonFinite, largest, sum] = [0, 0, 0, 0];
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] === 0) continue;
    count++;
    const difference = a[at]! - b[at]!;
    if (!Number.isFinite(difference)) {
      nonFinite++;
      continue;
    }
    largest = Math.max(largest, Math.abs(difference));
    sum += difference;
  }
  return { count, nonFinite, largest, mean: count === 0 ? 0 : sum / count };
}

/** From the most certain sign to the vaguest: settings that differ, then the pattern of the differences. */
function likelyCause(batch: FirstBatch, shape: RolloutShape, facts: SamplingFacts, tolerance: number): string {
  const { temperature, trainingTemperature, topK, topP } = facts;
  if (temperature === 0) {
    return "sampling is greedy (temperature 0), which has no log-probs to learn from: sample with temperature 1";
  }
  if (temperature !== trainingTemperature) {
    return (
      `temperatures differ: ${temperature} when sampling, ${trainingTemperature} when training: ` +
      "use one temperature for both"
    );
  }
  if (topK > 0 || topP < 1) {
    const settings = [topK > 0 ? `topK ${topK}` : "", topP < 1 ? `topP ${topP}` : ""].filter(Boolean).join(" and ");
    return `${settings} truncates the distribution that is sampled, and training does not: set topK 0 and topP 1 for rollouts`;
  }
  return patternOf(batch, shape, tolerance);
}

function patternOf(
  { sampled, training, mask, leftPadding }: FirstBatch,
  { B, R }: RolloutShape,
  tolerance: number,
): string {
  let wrongPadded = 0;
  let wrongUnpadded = 0;
  let alwaysHigher = true;
  for (let row = 0; row < B; row++) {
    let wrong = false;
    for (let at = row * R; at < (row + 1) * R; at++) {
      if (mask[at] === 0) continue;
      const difference = sampled[at]! - training[at]!;
      if (Math.abs(difference) > tolerance) wrong = true;
      if (difference < -tolerance) alwaysHigher = false;
    }
    if (wrong && leftPadding[row]! > 0) wrongPadded++;
    if (wrong && leftPadding[row] === 0) wrongUnpadded++;
  }
  if (wrongPadded > 0 && wrongUnpadded === 0) {
    return (
      `all ${wrongPadded} rows that differ are left-padded: padding is attended to or positions count it: ` +
      "check the first real index and the positions given to the training program"
    );
  }
  if (alwaysHigher) {
    return (
      "sampled tokens are more probable than training thinks, everywhere, as if the sampled distribution were cut: " +
      "look for a top-k, top-p or banned token in the sampler that training does not know of"
    );
  }
  return (
    "differences have both signs: look for a temperature applied once, dropout, stale weights in the sampler, " +
    "or response tokens shifted by one against their logits"
  );
}
