import { type DeviceWeights, type FetchedTensor, type PerAdapter, chunks } from "../models/index.ts";
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

/** Pairs by their numbers, which need not be in memory. */
export interface PairList<Pair extends ResponsePair = ResponsePair> {
  readonly length: number;
  pick(numbers: readonly number[]): Promise<readonly Pair[]>;
}

/** Batches of a scorer that are in memory at a time. */
const BATCHES_HELD = 16;

/** Of the references' geometric mean but for what depends on the prompt alone: the mean of their log-probs. */
export async function referenceLogprobs(
  pairs: PairList,
  references: readonly ReadModel[],
  scorers: PerAdapter<SequenceScorer>,
): Promise<SaidLogprobs> {
  const sums = { chosen: new Float64Array(pairs.length), rejected: new Float64Array(pairs.length) };
  for (const { config, role } of references) {
    const scorer = scorers.of(config);
    await role.atWork(async (weights) => {
      for await (const { from, held } of pagesOf(pairs, scorer)) {
        for (const side of SIDES) {
          const scores = await scorer.score(
            weights,
            held.map((pair) => pair[side]),
          );
          for (const [at, score] of scores.entries()) sums[side][from + at]! += score / references.length;
        }
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
  pairs: PairList<ReferredPair>,
  scorer: SequenceScorer,
  policy: DeviceWeights,
): Promise<number | undefined> {
  if (pairs.length === 0) return undefined;
  const rewards = { chosen: new Float64Array(pairs.length), rejected: new Float64Array(pairs.length) };
  for await (const { from, held } of pagesOf(pairs, scorer)) {
    for (const side of SIDES) {
      const scores = await scorer.score(
        policy,
        held.map((pair) => pair[side]),
      );
      const said = side === "chosen" ? "referenceChosen" : "referenceRejected";
      for (const [at, score] of scores.entries()) rewards[side][from + at] = score - held[at]![said];
    }
  }
  return rewardAccuracy(rewards.chosen, rewards.rejected);
}

/** All pairs, some whole batches of a scorer at a time. */
async function* pagesOf<Pair extends ResponsePair>(
  pairs: PairList<Pair>,
  { batchSize }: SequenceScorer,
): AsyncGenerator<{ readonly from: number; readonly held: readonly Pair[] }, undefined> {
  for (const numbers of chunks(pairs.length, BATCHES_HELD * batchSize)) {
    yield { from: numbers[0] ?? 0, held: await pairs.pick(numbers) };
  }
}
