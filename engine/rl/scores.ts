import { NumericalError } from "../training/index.ts";
import { type Floats, checkSameLength } from "./rollout.ts";
import { type RunningMoments, standardDeviation, updateMoments } from "./runningMoments.ts";

/** Transforms of a reward model's score before it becomes a reward. */
export interface ScoreSettings {
  /** Subtracted from the score of a response without end of sequence; 0 turns it off. */
  readonly missingEosPenalty: number;
  /** Responses of fewer tokens have `shortPenalty` subtracted; 0, as it is unless given, turns it off. */
  readonly minLength?: number;
  readonly shortPenalty?: number;
  /** `std` divides by the running standard deviation, `normalise` subtracts the running mean first. */
  readonly scaling: "none" | "std" | "normalise";
  /** Scores are held within ± this; 0 turns it off. */
  readonly clip: number;
}

/** Smallest f32 ε, added to the deviation as TRL does. */
const EPSILON = 2 ** -23;

/**
 * Scores as PPO receives them, `[B]`, and the running moments after this batch.
 *
 * Order: penalties for a missing EOS (TRL ≥ 0.12) and for shortness, scaling, clip (TRL 0.11 `step`). The penalties belong
 * to the score, so the moments see them.
 *
 * @param scores - As the reward model gave them, `[B]`.
 * @param ended - 1 for responses that end with eos, `[B]`.
 * @param moments - Moments of the scores so far.
 * @param settings - Penalties, scaling and clip.
 * @param lengths - Tokens of the responses, for the penalty on short ones, `[B]`.
 */
export function processScores(
  scores: ArrayLike<number>,
  ended: readonly boolean[],
  moments: RunningMoments,
  settings: ScoreSettings,
  lengths: ArrayLike<number> = [],
): { readonly scores: Float64Array; readonly moments: RunningMoments } {
  checkSameLength("processScores", { scores, ended });
  const { missingEosPenalty, minLength = 0, shortPenalty = 0 } = settings;
  const penalised = Float64Array.from(scores, (score, row) => {
    const isShort = (lengths[row] ?? Infinity) < minLength;
    return score - (ended[row] === true ? 0 : missingEosPenalty) - (isShort ? shortPenalty : 0);
  });
  const updated = settings.scaling === "none" ? moments : updateMoments(moments, penalised);
  const scaled = scale(penalised, updated, settings.scaling);
  if (settings.clip === 0) return { scores: scaled, moments: updated };
  return { scores: scaled.map((score) => Math.min(Math.max(score, -settings.clip), settings.clip)), moments: updated };
}

function scale(scores: Float64Array, moments: RunningMoments, scaling: ScoreSettings["scaling"]): Float64Array {
  if (scaling === "none") return scores;
  const centre = scaling === "normalise" ? moments.mean : 0;
  const deviation = standardDeviation(moments) + EPSILON;
  return scores.map((score) => (score - centre) / deviation);
}

/**
 * Refuses scores that are not finite: they would show as a loss that is not, and the learning rate be blamed.
 * @throws {NumericalError}
 */
export function checkScores(scores: Floats, iteration: number): void {
  const bad = scores.find((score) => !Number.isFinite(score));
  if (bad === undefined) return;
  const remedy = "the reward model has diverged: train it with a lower learning rate or maxGradNorm";
  throw new NumericalError(`ppo iteration ${iteration + 1}`, "a reward-model score", bad, remedy);
}
