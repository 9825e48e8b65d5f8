import type { Backend, DeviceBuffer, HostArray } from "../compute/backend.ts";
import { type Graph, type Tensor, type TensorSpec, bytesOf, defined } from "../compute/graph/tensor.ts";
import { type Program, plan } from "../compute/graph/program.ts";
import { cacheWrite, embedding, sample } from "../compute/ops/index.ts";
import type { ModelConfig } from "./config.ts";
import { type LayerCache, hidden } from "./decoder.ts";
import { IDLE_BYTES } from "./frozenRole.ts";
import { lastSpan, uncappedLogits } from "./heads.ts";
import type { RandomSource } from "./initialize.ts";
import {
  type PaddedQueries,
  type SequenceInputs,
  chunks,
  padQueries,
  sequenceArrays,
  sequenceInputs,
} from "./sequences.ts";
import { TypedPrograms } from "./typedPrograms.ts";
import type { DeviceWeights } from "./weights.ts";

/** How the next token is drawn. */
export interface SamplingSettings {
  /** Divides the logits; 0 always takes the likeliest token. */
  readonly temperature?: number;
  /** Only the k likeliest tokens; 0 for all. */
  readonly topK?: number;
  /** Only the likeliest tokens that together reach this probability; 1 for all. */
  readonly topP?: number;
}

/** Shapes and special tokens of generation; fixed, because programs are compiled for them. */
export interface GenerationSettings {
  /** Sequences decoded side by side, B. */
  readonly batchSize: number;
  /** Longest query, Q tokens. */
  readonly queryLength: number;
  /** Longest response, R tokens. */
  readonly responseLength: number;
  readonly sampling: SamplingSettings;
  /** Tokens that end a response. */
  readonly eos: readonly number[];
  /** Fills positions without a generated token; may be one of `eos`. */
  readonly pad: number;
}

/** Generated tokens, in the order of the queries. */
export interface Generation {
  readonly queries: PaddedQueries;
  /** `[N, R]`, padded after each response's end. */
  readonly responses: Int32Array;
  /** Log-probability of each token under the distribution it was drawn from, `[N, R]`; 0 in the padding. */
  readonly logprobs: Float32Array;
  /** Tokens of each response, end-of-text included, `[N]`. */
  readonly lengths: Int32Array;
  /** 1 where the response ended by itself, 0 where it was cut at R tokens, `[N]`. */
  readonly ended: Uint8Array;
}

/**
 * Generates text with cached keys and values: one program reads the queries, another adds a token per run.
 *
 * Where half of a batch has ended, the keys and values of those that go on move to the caches' first rows, and a program
 * of half the rows continues: a last long response does not cost what the whole batch does. No byte depends on it.
 *
 * Holds compiled programs and, between calls, caches that are small, for any number of calls and any weights of the same
 * config. Large ones would take what those need who work between the calls.
 */
export class Generator {
  private readonly settings: GenerationSettings;
  private readonly prefill: TypedPrograms;
  /** By their rows: the batch size, and what it is halved to. */
  private readonly decode: ReadonlyMap<number, TypedPrograms>;
  /** By the rows that are left. */
  private readonly compaction: ReadonlyMap<number, TypedPrograms>;
  private readonly backend: Backend;
  private readonly cache: TensorSpec;
  private readonly cacheNames: readonly string[];
  /** Where they are on the device. */
  private held: DeviceWeights["buffers"] | undefined;

  constructor(backend: Backend, config: ModelConfig, settings: GenerationSettings) {
    this.backend = backend;
    this.settings = settings;
    const { batchSize, queryLength } = settings;
    const programs = (length: number, nRows: number): TypedPrograms =>
      new TypedPrograms(backend, (graph) => sampleProgram(graph, config, settings, { length, nRows }));
    this.prefill = programs(queryLength, batchSize);
    const sizes = halvings(batchSize, backend.fewestRows(batchSize));
    this.decode = new Map(sizes.map((nRows) => [nRows, programs(1, nRows)]));
    const compaction = (nRows: number): TypedPrograms =>
      new TypedPrograms(backend, (graph) => compactionProgram(graph, config, settings, nRows));
    this.compaction = new Map(sizes.slice(1).map((nRows) => [nRows, compaction(nRows)]));
    this.cache = { shape: cacheShape(config, settings), dtype: backend.precision };
    this.cacheNames = allCacheNames(config);
  }

  /**
   * Continues every query until an end-of-text token or R tokens.
   *
   * One uniform number is drawn per token and row beforehand, so results depend neither on the batch size nor on
   * where other rows end.
   *
   * @throws {SequenceError} naming a query that is empty or too long.
   */
  async generate(
    weights: DeviceWeights,
    queries: readonly (readonly number[])[],
    random: RandomSource,
  ): Promise<Generation> {
    const { batchSize, queryLength, responseLength: R, pad } = this.settings;
    const padded = padQueries(queries, queryLength, pad);
    const uniforms = Float32Array.from({ length: padded.count * R }, () => random.uniform());
    const generation: Generation = {
      queries: padded,
      responses: new Int32Array(padded.count * R).fill(pad),
      logprobs: new Float32Array(padded.count * R),
      lengths: new Int32Array(padded.count),
      ended: new Uint8Array(padded.count),
    };
    const variables = { ...weights.buffers, ...this.caches() };
    try {
      for (const rows of chunks(padded.count, batchSize))
        await this.generateRows(rows, { variables, uniforms, generation });
    } finally {
      if (this.isLarge) this.giveBack();
    }
    return generation;
  }

  release(): void {
    for (const programs of [this.prefill, ...this.decode.values(), ...this.compaction.values()]) programs.release();
    this.giveBack();
  }

  private get isLarge(): boolean {
    return this.cacheNames.length * bytesOf(this.cache) >= IDLE_BYTES;
  }

  private caches(): DeviceWeights["buffers"] {
    if (this.held !== undefined) return this.held;
    // Programs that ran before would hold the room that they take.
    if (this.isLarge) this.backend.rest();
    const held: Record<string, DeviceBuffer> = (this.held = {});
    try {
      for (const name of this.cacheNames) held[name] = this.backend.allocate(this.cache);
    } catch (error) {
      this.giveBack();
      throw error;
    }
    return held;
  }

  private giveBack(): void {
    for (const buffer of Object.values(this.held ?? {})) this.backend.release(buffer);
    this.held = undefined;
    if (this.isLarge) this.backend.rest();
  }

  private async generateRows(all: readonly number[], call: Call): Promise<void> {
    const { batchSize: B, queryLength: Q, responseLength: R } = this.settings;
    const { variables, uniforms, generation } = call;
    const first = sequenceArrays(generation.queries, all, B);
    let batch: Batch = { size: B, rows: all, start: defined(first["start"]), ids: new Int32Array(B) };
    let program = this.prefill.for(variables);
    for (let column = 0; column < R; column++) {
      const uniform = new Float32Array(batch.size);
      for (const [at, row] of batch.rows.entries()) uniform[at] = uniforms[row * R + column] ?? 0;
      const inputs = column === 0 ? first : tokenInputs(batch, Q + column - 1);
      const drawn = await program.run({ inputs: { ...inputs, uniform }, variables });
      const going = this.record(batch, column, generation, drawn);
      if (going.length === 0 || column === R - 1) return;
      const next = await this.compacted(batch, going);
      if (column === 0 || next !== batch) program = defined(this.decode.get(next.size)).for(variables);
      batch = next;
    }
  }

  /** Notes one column's tokens, which are those to be read next; returns where the rows stand that go on. */
  private record(
    batch: Batch,
    column: number,
    generation: Generation,
    { token: tokens, logprob }: Drawn,
  ): readonly number[] {
    const { responseLength: R, eos, pad } = this.settings;
    const going: number[] = [];
    for (const [at, row] of batch.rows.entries()) {
      batch.ids[at] = pad;
      if (generation.ended[row] === 1) continue;
      const token = tokens?.[at] ?? pad;
      generation.responses[row * R + column] = token;
      generation.logprobs[row * R + column] = logprob?.[at] ?? 0;
      generation.lengths[row] = column + 1;
      if (eos.includes(token)) generation.ended[row] = 1;
      else {
        batch.ids[at] = token;
        going.push(at);
      }
    }
    return going;
  }

  /** The batch, or the smallest that holds all rows that go on; places that are over repeat the first of them. */
  private async compacted(batch: Batch, going: readonly number[]): Promise<Batch> {
    const size = [...this.compaction.keys()].findLast((least) => least >= going.length) ?? batch.size;
    if (size >= batch.size) return batch;
    const from = Int32Array.from({ length: size }, (_, at) => going[at] ?? defined(going[0]));
    const variables = this.caches();
    await defined(this.compaction.get(size)).for(variables).run({ inputs: { from }, variables });
    const taken = (numbers: HostArray): Int32Array => from.map((at) => defined(numbers[at]));
    const rows = going.map((at) => defined(batch.rows[at]));
    return { size, rows, start: taken(batch.start), ids: taken(batch.ids) };
  }
}

/** Rows that are decoded side by side: `rows` of the queries, and places that none needs. */
interface Batch {
  readonly size: number;
  readonly rows: readonly number[];
  /** Index of the first real token, `[size]`. */
  readonly start: HostArray;
  /** Tokens to be read next, `[size]`. */
  readonly ids: Int32Array;
}

/** Inputs of the program that reads each row's next token, at an index. */
function tokenInputs({ start, ids }: Batch, index: number): SequenceInputs {
  return { ids, start, positions: Int32Array.from(start, (first) => index - first), offset: Int32Array.of(index) };
}

interface Call {
  readonly variables: Readonly<Record<string, DeviceBuffer>>;
  readonly uniforms: Float32Array;
  readonly generation: Generation;
}

type Drawn = Readonly<Record<string, ArrayLike<number> | undefined>>;

/** The larger of a generator's programs, which reads the queries: what its memory is planned by. */
export function generationProgram(graph: Graph, config: ModelConfig, settings: GenerationSettings): Program {
  return sampleProgram(graph, config, settings, { length: settings.queryLength, nRows: settings.batchSize });
}

/** Reads `length` tokens for each of the caches' first rows and draws the next one from the last column. */
function sampleProgram(
  graph: Graph,
  config: ModelConfig,
  settings: GenerationSettings,
  { length, nRows }: { readonly length: number; readonly nRows: number },
): Program {
  const shape = cacheShape(config, settings);
  const caches = Array.from({ length: config.nLayers }, (_, layer): LayerCache => {
    const [k, v] = cacheNames(layer);
    return { k: graph.variable(k, shape, graph.precision), v: graph.variable(v, shape, graph.precision) };
  });
  const inputs = { ...sequenceInputs(graph, nRows, length), caches };
  const h = hidden(graph, config, inputs, { span: lastSpan(length) }); // [B, 1, C]
  const last: Tensor = h.reshape([nRows, config.hiddenSize]); // [B, C]
  const sampling = { ...settings.sampling, softcap: config.logitSoftcap };
  return plan({ ...sample(uncappedLogits(last, config), graph.input("uniform", [nRows]), sampling) });
}

/** The number and, again and again, half of it, as long as that is no less than `least`. */
function halvings(count: number, least: number): readonly number[] {
  const half = Math.ceil(count / 2);
  return half < count && half >= least ? [count, ...halvings(half, least)] : [count];
}

/** Moves rows `from` of every cache to its first rows. */
export function compactionProgram(
  graph: Graph,
  config: ModelConfig,
  settings: GenerationSettings,
  nRows: number,
): Program {
  const [B, ...row] = cacheShape(config, settings);
  const from = graph.input("from", [nRows], "i32");
  const start = graph.constant(0, [1], "i32");
  const moved = allCacheNames(config).map((name) => {
    const cache = graph.variable(name, [B, ...row], graph.precision);
    const flat = cache.reshape([B, cache.size / B]); // a row is what a table has for a word
    return cacheWrite(cache, embedding(flat, from, graph.precision).reshape([nRows, ...row]), start);
  });
  return plan({}, moved);
}

/** `[B, S, G, D]`; the last token sampled is never read again, so it needs no place. */
function cacheShape(
  { nKvHeads, headSize }: ModelConfig,
  { batchSize, queryLength, responseLength }: GenerationSettings,
): readonly [number, number, number, number] {
  return [batchSize, queryLength + responseLength - 1, nKvHeads, headSize];
}

const allCacheNames = ({ nLayers }: ModelConfig): readonly string[] =>
  Array.from({ length: nLayers }, (_, layer) => cacheNames(layer)).flat();

function cacheNames(layer: number): [k: string, v: string] {
  return [`cache.${layer}.k`, `cache.${layer}.v`];
}
