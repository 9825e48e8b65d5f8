import type { Backend, DeviceBuffer, Executable } from "../compute/backend.ts";
import type { Graph, Tensor } from "../compute/graph/tensor.ts";
import { plan } from "../compute/graph/program.ts";
import { sample } from "../compute/ops/index.ts";
import type { ModelConfig } from "./config.ts";
import { type LayerCache, hidden } from "./decoder.ts";
import { lastSpan, uncappedLogits } from "./heads.ts";
import type { RandomSource } from "./initialize.ts";
import { type PaddedQueries, chunks, padQueries, sequenceArrays, sequenceInputs } from "./sequences.ts";
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
 * Holds compiled programs and caches, for any number of calls and any weights of the same config.
 */
export class Generator {
  private readonly settings: GenerationSettings;
  private readonly prefill: TypedPrograms;
  private readonly decode: TypedPrograms;
  private readonly backend: Backend;
  private readonly caches: Readonly<Record<string, DeviceBuffer>>;

  constructor(backend: Backend, config: ModelConfig, settings: GenerationSettings) {
    this.backend = backend;
    this.settings = settings;
    const { batchSize, queryLength, responseLength } = settings;
    // The last token sampled is never read again, so it needs no place.
    const capacity = queryLength + responseLength - 1;
    const programs = (length: number): TypedPrograms =>
      new TypedPrograms(backend, (graph) => sampleProgram(graph, config, settings, { length, capacity }));
    this.prefill = programs(queryLength);
    this.decode = programs(1);
    const shape = [batchSize, capacity, config.nKvHeads, config.headSize];
    const names = Array.from({ length: config.nLayers }, (_, layer) => cacheNames(layer)).flat();
    this.caches = Object.fromEntries(
      names.map((name) => [name, backend.allocate({ shape, dtype: backend.precision })]),
    );
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
    const variables = { ...weights.buffers, ...this.caches };
    const [prefill, decode] = [this.prefill.for(variables), this.decode.for(variables)];
    for (const rows of chunks(padded.count, batchSize))
      await this.generateRows(rows, { prefill, decode, variables, uniforms, generation });
    return generation;
  }

  release(): void {
    this.prefill.release();
    this.decode.release();
    for (const buffer of Object.values(this.caches)) this.backend.release(buffer);
  }

  private async generateRows(rows: readonly number[], call: Call): Promise<void> {
    const { batchSize: B, queryLength: Q, responseLength: R, pad } = this.settings;
    const { prefill, decode, variables, uniforms, generation } = call;
    const first = sequenceArrays(generation.queries, rows, B);
    const start = first["start"] ?? new Int32Array(B);
    const [ids, positions, offset] = [new Int32Array(B), new Int32Array(B), new Int32Array(1)];
    const uniform = new Float32Array(B);
    for (let column = 0; column < R; column++) {
      for (const [at, row] of rows.entries()) uniform[at] = uniforms[row * R + column] ?? 0;
      if (column > 0) {
        offset[0] = Q + column - 1;
        for (let at = 0; at < B; at++) positions[at] = Q + column - 1 - (start[at] ?? 0);
      }
      const { token, logprob } =
        column === 0
          ? await prefill.run({ inputs: { ...first, uniform }, variables })
          : await decode.run({ inputs: { ids, positions, start, offset, uniform }, variables });
      const live = this.record(rows, column, generation, { token, logprob });
      if (live === 0) return;
      for (const [at, row] of rows.entries()) ids[at] = generation.ended[row] === 1 ? pad : (token?.[at] ?? pad);
    }
  }

  /** Notes one column's tokens; returns how many rows go on. */
  private record(rows: readonly number[], column: number, generation: Generation, drawn: Drawn): number {
    const { responseLength: R, eos } = this.settings;
    let live = 0;
    for (const [at, row] of rows.entries()) {
      if (generation.ended[row] === 1) continue;
      const token = drawn.token?.[at] ?? 0;
      generation.responses[row * R + column] = token;
      generation.logprobs[row * R + column] = drawn.logprob?.[at] ?? 0;
      generation.lengths[row] = column + 1;
      if (eos.includes(token)) generation.ended[row] = 1;
      else live++;
    }
    return live;
  }
}

interface Call {
  readonly prefill: Executable;
  readonly decode: Executable;
  readonly variables: Readonly<Record<string, DeviceBuffer>>;
  readonly uniforms: Float32Array;
  readonly generation: Generation;
}

type Drawn = Readonly<Record<"token" | "logprob", ArrayLike<number> | undefined>>;

/** The larger of a generator's programs, which reads the queries: what its memory is planned by. */
export function generationProgram(
  graph: Graph,
  config: ModelConfig,
  settings: GenerationSettings,
): ReturnType<typeof plan> {
  const { queryLength: length, responseLength } = settings;
  return sampleProgram(graph, config, settings, { length, capacity: length + responseLength - 1 });
}

/** Reads `length` tokens per row into the caches and draws the next one from the last column. */
function sampleProgram(
  graph: Graph,
  config: ModelConfig,
  { batchSize, sampling }: GenerationSettings,
  { length, capacity }: { readonly length: number; readonly capacity: number },
): ReturnType<typeof plan> {
  const shape = [batchSize, capacity, config.nKvHeads, config.headSize];
  const caches = Array.from({ length: config.nLayers }, (_, layer): LayerCache => {
    const [k, v] = cacheNames(layer);
    return { k: graph.variable(k, shape, graph.precision), v: graph.variable(v, shape, graph.precision) };
  });
  const inputs = { ...sequenceInputs(graph, batchSize, length), caches };
  const h = hidden(graph, config, inputs, { span: lastSpan(length) }); // [B, 1, C]
  const last: Tensor = h.reshape([batchSize, config.hiddenSize]); // [B, C]
  const settings = { ...sampling, softcap: config.logitSoftcap };
  return plan({ ...sample(uncappedLogits(last, config), graph.input("uniform", [batchSize]), settings) });
}

function cacheNames(layer: number): [k: string, v: string] {
  return [`cache.${layer}.k`, `cache.${layer}.v`];
}
