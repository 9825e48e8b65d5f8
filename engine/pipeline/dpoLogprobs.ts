import type { DeviceWeights, FetchedTensor, PerAdapter } from "../models/index.ts";
import type { ReferredPair, ResponsePair, SequenceScorer } from "../rl/dpoStep.ts";
import { rewardAccuracy } from "../rl/rewardLoss.ts";
import type { ReadModel } from "./policyProbe.ts";
import type { Snapshot } from "./stage.ts";
import { restoredFloats } from "./training.ts";

/** Names in a savepoint. */
const NAMES = { chosen: "reference.chosen", rejected: "reference.rejected" } as const;
const SIDES = ["chosen", "rejected"] as const;

/** Log-probs of whole responses, `[N]` each. */
export interface SaidLogprobs {
  readonly chosen: Float32Array;
  readonly rejected: Float32Array;
}

/** Of the references' geometric mean but for what depends on the prompt alone: the mean of their log-probs. */
export async function referenceLogprobs(
  pairs: readonly ResponsePair[],
  references: readonly ReadModel[],
  scorers: PerAdapter<SequenceScorer>,
): Promise<SaidLogprobs> {
  const sums = { chosen: new Float64Array(pairs.length), rejected: new Float64Array(pairs.length) };
  for (const { config, role } of references) {
    await role.atWork(async (weights) => {
      for (const side of SIDES) {
        const scores = await scorers.of(config).score(
          weights,
          pairs.map((pair) => pair[side]),
        );
        for (const [at, score] of scores.entries()) sums[side][at]! += score / references.length;
      }
    });
  }
  return { chosen: Float32Array.from(sums.chosen), rejected: Float32Array.from(sums.rejected) };
}

/** Those of an attempt that was cut off. */
export function savedLogprobs(snapshot: Snapshot<unknown>, count: number): SaidLogprobs | undefined {
  const [chosen, rejected] = SIDES.map((side) => restoredFloats(snapshot, NAMES[side], [count]));
  return chosen === undefined || rejected === undefined ? undefined : { chosen, rejected };
}

/** The same for a savepoint, by name. */
export function fetchedLogprobs(said: SaidLogprobs): ReadonlyMap<string, FetchedTensor> {
  return new Map(
    SIDES.map((side) => [NAMES[side], { shape: [said[side].length], data: () => Promise.resolve(said[side]) }]),
  );
}

/** Share of pairs whose chosen response has the higher implicit reward; a tie counts half, and undefined without any. */
export async function heldOutAccuracy(
  pairs: readonly ReferredPair[],
  scorer: SequenceScorer,
  policy: DeviceWeights,
): Promise<number | undefined> {
  if (pairs.length === 0) return undefined;
  const rewards = async (side: "chosen" | "rejected"): Promise<Float64Array> => {
    const scores = await scorer.score(
      policy,
      pairs.map((pair) => pair[side]),
    );
    const said = side === "chosen" ? "referenceChosen" : "referenceRejected";
    return Float64Array.from(scores, (score, at) => score - pairs[at]![said]);
  };
  return rewardAccuracy(await rewards("chosen"), await rewards("rejected"));
}
