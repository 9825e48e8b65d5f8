import type { HostArray } from "../compute/backend.ts";
import type { Graph } from "../compute/graph/tensor.ts";
import type { DecoderInputs } from "./decoder.ts";

/** Token rows of one length. */
export interface Rectangle {
  /** `[N, T]`. */
  readonly tokens: Int32Array;
  /** Index of each row's first real token, `[N]`. */
  readonly starts: Int32Array;
}

/** Queries in one rectangle, `[N, Q]`, padding on the left, so that every last column is a real token. */
export interface PaddedQueries extends Rectangle {
  /** Rows, N. */
  readonly count: number;
  /** Columns, Q. */
  readonly queryLength: number;
}

/** Left-padded queries followed by right-padded responses: `[N, T]`, T = Q + R. */
export interface Rollouts extends PaddedQueries {
  /** R. */
  readonly responseLength: number;
  /** Real tokens of each response, end-of-text included, `[N]`. Padding is known by these, never by a token's value. */
  readonly lengths: Int32Array;
}

/** A sequence that does not fit the shape it is to be put in. */
export class SequenceError extends Error {
  override readonly name = "SequenceError";
}

/** Host arrays by the names of a program's inputs. */
export type SequenceInputs = Readonly<Record<string, HostArray>>;

/**
 * Puts queries of different lengths into one rectangle.
 *
 * @throws {SequenceError} naming the first query that is empty or longer than the rectangle.
 */
export function padQueries(queries: readonly (readonly number[])[], queryLength: number, pad: number): PaddedQueries {
  const tokens = new Int32Array(queries.length * queryLength).fill(pad);
  const starts = new Int32Array(queries.length);
  for (const [row, query] of queries.entries()) {
    if (query.length === 0) throw new SequenceError(`pad queries: query ${row} has no tokens`);
    if (query.length > queryLength) {
      throw new SequenceError(`pad queries: query ${row} has ${query.length} tokens, at most ${queryLength} fit`);
    }
    starts[row] = queryLength - query.length;
    tokens.set(query, (row + 1) * queryLength - query.length);
  }
  return { count: queries.length, queryLength, tokens, starts };
}

/**
 * Puts sequences into one rectangle with padding on the right, where causal attention never sees it.
 *
 * @returns `tokens` `[N, length]` and `starts`, all 0.
 * @throws {SequenceError} naming a sequence that is empty or too long.
 */
export function padRight(sequences: readonly (readonly number[])[], length: number): Rectangle {
  const tokens = new Int32Array(sequences.length * length);
  for (const [row, sequence] of sequences.entries()) {
    if (sequence.length === 0 || sequence.length > length) {
      throw new SequenceError(`pad sequences: sequence ${row} has ${sequence.length} tokens, must have 1 to ${length}`);
    }
    tokens.set(sequence, row * length);
  }
  return { tokens, starts: new Int32Array(sequences.length) };
}

/**
 * Appends a response to every query.
 *
 * @param queries - `[N, Q]`.
 * @param responses - `[N, R]`; columns from a row's length on are not read.
 * @param lengths - `[N]`.
 */
export function joinResponses(queries: PaddedQueries, responses: Int32Array, lengths: Int32Array): Rollouts {
  const { count, queryLength, starts } = queries;
  const responseLength = responses.length / count;
  if (!Number.isInteger(responseLength) || lengths.length !== count) {
    throw new SequenceError(`join responses: ${count} queries, ${responses.length} tokens, ${lengths.length} lengths`);
  }
  const width = queryLength + responseLength;
  const tokens = new Int32Array(count * width);
  for (let row = 0; row < count; row++) {
    tokens.set(queries.tokens.subarray(row * queryLength, (row + 1) * queryLength), row * width);
    tokens.set(responses.subarray(row * responseLength, (row + 1) * responseLength), row * width + queryLength);
  }
  return { count, queryLength, responseLength, tokens, starts, lengths };
}

/** The real tokens of every rollout, query and response, without any padding. */
export function unpaddedSequences(rollouts: Rollouts): number[][] {
  const { queryLength, responseLength, tokens, starts, lengths } = rollouts;
  const width = queryLength + responseLength;
  return Array.from({ length: rollouts.count }, (_, row) => {
    const end = row * width + queryLength + (lengths[row] ?? 0);
    return [...tokens.subarray(row * width + (starts[row] ?? 0), end)];
  });
}

/** Declares the inputs that {@link sequenceArrays} fills: ids, positions, start, offset. */
export function sequenceInputs(graph: Graph, batchSize: number, length: number): DecoderInputs {
  return {
    ids: graph.input("ids", [batchSize, length], "i32"),
    positions: graph.input("positions", [batchSize, length], "i32"),
    start: graph.input("start", [batchSize], "i32"),
    offset: graph.input("offset", [1], "i32"),
  };
}

/**
 * Rows of a rectangle as decoder inputs; a batch that the chosen rows do not fill gets rows of token 0, to be
 * ignored.
 */
export function sequenceArrays(
  { tokens, starts }: Rectangle,
  rows: readonly number[],
  batchSize: number,
): SequenceInputs {
  const length = tokens.length / starts.length;
  const ids = new Int32Array(batchSize * length);
  const positions = new Int32Array(batchSize * length);
  const start = new Int32Array(batchSize);
  for (let at = 0; at < batchSize; at++) {
    const row = rows[at];
    if (row !== undefined) {
      ids.set(tokens.subarray(row * length, (row + 1) * length), at * length);
      start[at] = starts[row] ?? 0;
    }
    const first = start[at] ?? 0;
    for (let column = first; column < length; column++) positions[at * length + column] = column - first;
  }
  return { ids, positions, start, offset: Int32Array.of(0) };
}

/** Response tokens as targets of a log-probability, `[batchSize, R]`; −1 after each response's end. */
export function responseTargets(rollouts: Rollouts, rows: readonly number[], batchSize: number): Int32Array {
  const { queryLength, responseLength, tokens, lengths } = rollouts;
  const targets = new Int32Array(batchSize * responseLength).fill(-1);
  for (const [at, row] of rows.entries()) {
    const from = row * (queryLength + responseLength) + queryLength;
    targets.set(tokens.subarray(from, from + (lengths[row] ?? 0)), at * responseLength);
  }
  return targets;
}

/** 0 … count − 1 in runs of at most `size`. */
export function chunks(count: number, size: number): number[][] {
  return Array.from({ length: Math.ceil(count / size) }, (_, chunk) => {
    const first = chunk * size;
    return Array.from({ length: Math.min(size, count - first) }, (_, at) => first + at);
  });
}
