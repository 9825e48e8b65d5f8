import { type SequenceInputs, SequenceError, padQueries, padRight, sequenceArrays } from "../models/index.ts";
import { Random } from "./random.ts";

/** A prompt and the response to learn, as one list of token ids. */
export interface TokenizedExample {
  readonly tokens: readonly number[];
  /** Tokens of the prompt: those before it carry no loss. */
  readonly promptLength: number;
  /** 1 for tokens that carry loss, where some after the prompt do not. */
  readonly learned?: Uint8Array;
}

/** A better and a worse sequence for the same prompt, token ids without padding. */
export interface PreferencePair {
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
  /** By how much the chosen one is better; 0 unless given. */
  readonly margin?: number;
}

/** The rectangle a program was compiled for. */
export interface BatchShape {
  /** Examples, or pairs, of one micro-batch. */
  readonly batchSize: number;
  /** Tokens of each sequence, T. */
  readonly length: number;
}

/**
 * Supervised inputs: ids right-padded to `[B, T]`, each position's target the next token, −1 outside responses.
 *
 * The mask comes from lengths alone, so an end-of-text token that is also the padding token still counts. Longer
 * examples are cut at T tokens. Every micro-batch carries the weight 1 / (response tokens of all of them), so that
 * their losses add up to the mean over the whole batch's tokens.
 *
 * @throws {SequenceError} when no response token is left.
 */
export function supervisedBatches(examples: readonly TokenizedExample[], shape: BatchShape): SequenceInputs[] {
  const { batchSize, length } = shape;
  const total = examples.reduce((sum, example) => sum + targetCount(example, length), 0);
  if (total === 0) {
    throw new SequenceError(`supervised batch: no response token within ${length} tokens; raise maxLength`);
  }
  return groups(examples, batchSize).map((group) => {
    const targets = new Int32Array(batchSize * length).fill(-1);
    for (const [row, { tokens, promptLength, learned }] of group.entries()) {
      const end = Math.min(tokens.length, length);
      for (let at = firstTarget(promptLength); at < end; at++) {
        if (learned?.[at] !== 0) targets[row * length + at - 1] = tokens[at] ?? -1;
      }
    }
    const right = padRight(
      group.map(({ tokens }) => tokens.slice(0, length)),
      length,
    );
    const arrays = sequenceArrays(right, [...group.keys()], batchSize);
    return { ...arrays, targets, tokenWeight: Float32Array.of(1 / total) };
  });
}

/**
 * Reward-model inputs: rows 0 … B − 1 the chosen sequences, B … 2B − 1 the rejected ones, left-padded to T.
 *
 * @throws {SequenceError} when a sequence is empty or too long, or the pairs do not fill the micro-batches.
 */
export function pairBatches(pairs: readonly PreferencePair[], shape: BatchShape): SequenceInputs[] {
  const { batchSize, length } = shape;
  if (pairs.length === 0 || pairs.length % batchSize !== 0) {
    throw new SequenceError(`pair batch: ${pairs.length} pairs do not fill micro-batches of ${batchSize}`);
  }
  return groups(pairs, batchSize).map((group) => {
    const sequences = [...group.map(({ chosen }) => chosen), ...group.map(({ rejected }) => rejected)];
    const arrays = sequenceArrays(padQueries(sequences, length, 0), [...sequences.keys()], sequences.length);
    return {
      ...arrays,
      margin: Float32Array.from(group, ({ margin = 0 }) => margin),
      batchWeight: Float32Array.of(group.length / pairs.length),
    };
  });
}

/** How far into its data a training is. Fits in JSON. */
export interface DataPosition {
  readonly epoch: number;
  /** Examples of this epoch already given out. */
  readonly position: number;
}

/**
 * Endless passes over a data set, each in an order of its own that seed and epoch determine.
 *
 * The stream has no other name: two trainings from one seed over as many examples go through them alike.
 */
export class DataOrder {
  private readonly count: number;
  private readonly seed: number;
  private epoch: number;
  private position: number;
  private order: readonly number[];

  /** @throws {SequenceError} when there is no data, or no such position in it. */
  constructor(count: number, seed: number, { epoch, position }: DataPosition = { epoch: 0, position: 0 }) {
    if (count === 0) throw new SequenceError("data order: the data set is empty");
    // Beyond the end, no example would ever come.
    if (position > count) throw new SequenceError(`data order: position ${position} is beyond ${count} examples`);
    this.count = count;
    this.seed = seed;
    this.epoch = epoch;
    this.position = position;
    this.order = this.shuffled();
  }

  /** The next indices; a batch may begin in one epoch and end in the next. */
  next(size: number): number[] {
    const indices: number[] = [];
    while (indices.length < size) {
      if (this.position === this.count) {
        this.epoch++;
        this.position = 0;
        this.order = this.shuffled();
      }
      const taken = this.order.slice(this.position, this.position + size - indices.length);
      indices.push(...taken);
      this.position += taken.length;
    }
    return indices;
  }

  /** The position to go on from, as the constructor takes it. */
  get state(): DataPosition {
    return { epoch: this.epoch, position: this.position };
  }

  private shuffled(): number[] {
    return Random.of(this.seed, "order", this.epoch).shuffle(Array.from({ length: this.count }, (_, index) => index));
  }
}

/** Index of the first token of a sequence that may carry loss: the first of all has no position to be predicted from. */
export const firstTarget = (promptLength: number): number => Math.max(1, promptLength);

function targetCount({ tokens, promptLength, learned }: TokenizedExample, length: number): number {
  const [first, end] = [firstTarget(promptLength), Math.min(tokens.length, length)];
  if (learned === undefined) return Math.max(0, end - first);
  return learned.subarray(first, Math.max(first, end)).reduce((sum, one) => sum + one, 0);
}

function groups<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
