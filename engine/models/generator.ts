import type { Backend, DeviceBuffer, Executable, HostArray } from "../compute/backend.ts";
import { type Graph, type Tensor, type TensorSpec, bytesOf, defined } from "../compute/graph/tensor.ts";
import { type Program, plan } from "../compute/graph/program.ts";
import { type DecodingState, advance, cacheWrite, embedding, sample } from "../compute/ops/index.ts";
import type { ModelConfig } from "./config.ts";
import { type DecoderInputs, type LayerCache, hidden } from "./decoder.ts";
import { IDLE_BYTES } from "./frozenRole.ts";
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
 * The tokens stay on the device, each the input of the next run, for as many runs as the backend had better be asked for at
 * a time: a block. Only then does the host read them, and see which rows have ended; what those went on to draw is left
 * out. Where half of a batch has ended, the keys and values of those that go on move to the caches' first rows, and a
 * program of half the rows continues: a last long response does not cost what the whole batch does. No byte depends on
 * either.
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
  /** Steps of a block. */
  private readonly nSteps: number;
  private readonly cacheBytes: number;
  /** Variables besides the weights: the caches, and each decoding program's state. */
  private readonly specs: Readonly<Record<string, TensorSpec>>;
  /** Where they are on the device. */
  private held: DeviceWeights["buffers"] | undefined;

  constructor(backend: Backend, config: ModelConfig, settings: GenerationSettings) {
    this.backend = backend;
    this.settings = settings;
    const { batchSize, responseLength } = settings;
    // The first token is drawn where the queries are read.
    const nSteps = (this.nSteps = Math.max(1, Math.min(backend.runsAtATime, responseLength - 1)));
    this.prefill = new TypedPrograms(backend, (graph) => generationProgram(graph, config, settings));
    const sizes = halvings(batchSize, backend.fewestRows(batchSize));
    const decode = (nRows: number): TypedPrograms =>
      new TypedPrograms(backend, (graph) => decodingProgram(graph, config, settings, { nRows, nSteps }));
    this.decode = new Map(sizes.map((nRows) => [nRows, decode(nRows)]));
    const compaction = (nRows: number): TypedPrograms =>
      new TypedPrograms(backend, (graph) => compactionProgram(graph, config, settings, nRows));
    this.compaction = new Map(sizes.slice(1).map((nRows) => [nRows, compaction(nRows)]));
    const cache: TensorSpec = { shape: cacheShape(config, settings), dtype: backend.precision };
    const names = allCacheNames(config);
    this.cacheBytes = names.length * bytesOf(cache);
    const caches = Object.fromEntries(names.map((name) => [name, cache]));
    const states = sizes.flatMap((nRows) =>
      Object.entries(stateSpecs({ nRows, nSteps })).map(([name, spec]) => [stateName({ nRows }, name), spec] as const),
    );
    this.specs = { ...caches, ...Object.fromEntries(states) };
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
    const variables = { ...weights.buffers, ...this.variables() };
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
    return this.cacheBytes >= IDLE_BYTES;
  }

  private variables(): DeviceWeights["buffers"] {
    if (this.held !== undefined) return this.held;
    // Programs that ran before would hold the room that they take.
    if (this.isLarge) this.backend.rest();
    const held: Record<string, DeviceBuffer> = (this.held = {});
    try {
      for (const [name, spec] of Object.entries(this.specs)) held[name] = this.backend.allocate(spec);
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
    const { batchSize: B, responseLength: R } = this.settings;
    const { variables, generation } = call;
    const queries = sequenceArrays(generation.queries, all, B);
    let batch: Batch = { size: B, rows: all, start: defined(queries["start"]), ids: new Int32Array(B) };
    const inputs = { ...queries, uniform: this.uniforms(batch, { first: 0, count: 1 }, call) };
    const drawn = await this.prefill.for(variables).run({ inputs, variables });
    let going = this.record(batch, { first: 0, count: 1 }, generation, drawn);
    for (let first = 1; first < R && going.length > 0; first += this.nSteps) {
      batch = await this.compacted(batch, going);
      const columns = { first, count: Math.min(this.nSteps, R - first) };
      going = this.record(batch, columns, generation, await this.decodeBlock(batch, columns, call));
    }
  }

  /** Draws a block's tokens, `[steps, rows]` of them. */
  private decodeBlock(batch: Batch, columns: Columns, call: Call): ReturnType<Executable["run"]> {
    const { size, start, ids } = batch;
    const { variables } = call;
    const index = this.settings.queryLength + columns.first - 1;
    const state = {
      ...{ start, ids, positions: Int32Array.from(start, (first) => index - first) },
      ...{ offset: Int32Array.of(index), step: Int32Array.of(0) },
      uniforms: this.uniforms(batch, { ...columns, count: this.nSteps }, call),
    };
    for (const [name, data] of Object.entries(state)) {
      this.backend.write(defined(variables[stateName({ nRows: size }, name)]), data);
    }
    return defined(this.decode.get(size)).for(variables).run({ times: columns.count, variables });
  }

  /** Those of some columns, `[columns, rows]`; 0 where there is nothing to draw. */
  private uniforms({ size, rows }: Batch, { first, count }: Columns, { uniforms }: Call): Float32Array {
    const { responseLength: R } = this.settings;
    const own = new Float32Array(count * size);
    for (let step = 0; step < Math.min(count, R - first); step++) {
      for (const [at, row] of rows.entries()) own[step * size + at] = uniforms[row * R + first + step] ?? 0;
    }
    return own;
  }

  /** Notes the tokens of some columns, of which the last are those to be read next; returns where the rows stand that go on. */
  private record(
    batch: Batch,
    { first, count }: Columns,
    generation: Generation,
    { tokens, logprobs }: Drawn,
  ): readonly number[] {
    const { responseLength: R, eos, pad } = this.settings;
    const { responses, lengths, ended } = generation;
    const going: number[] = [];
    for (const [at, row] of batch.rows.entries()) {
      batch.ids[at] = pad;
      for (let step = 0; step < count && ended[row] === 0; step++) {
        const place = row * R + first + step;
        const token = tokens?.[step * batch.size + at] ?? pad;
        responses[place] = batch.ids[at] = token;
        generation.logprobs[place] = logprobs?.[step * batch.size + at] ?? 0;
        lengths[row] = first + step + 1;
        if (eos.includes(token)) ended[row] = 1;
      }
      if (ended[row] === 0) going.push(at);
    }
    return going;
  }

  /** The batch, or the smallest that holds all rows that go on; places that are over repeat the first of them. */
  private async compacted(batch: Batch, going: readonly number[]): Promise<Batch> {
    const size = [...this.compaction.keys()].findLast((least) => least >= going.length) ?? batch.size;
    if (size >= batch.size) return batch;
    const from = Int32Array.from({ length: size }, (_, at) => going[at] ?? defined(going[0]));
    const variables = this.variables();
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

/** Columns of the responses that are next to each other. */
interface Columns {
  readonly first: number;
  readonly count: number;
}

interface Call {
  readonly variables: Readonly<Record<string, DeviceBuffer>>;
  readonly uniforms: Float32Array;
  readonly generation: Generation;
}

type Drawn = Readonly<Record<string, ArrayLike<number> | undefined>>;

/**
 * The larger of a generator's programs, which reads the queries and draws the first tokens: what its memory is planned by.
 */
export function generationProgram(graph: Graph, config: ModelConfig, settings: GenerationSettings): Program {
  const { batchSize, queryLength } = settings;
  const inputs = sequenceInputs(graph, batchSize, queryLength);
  const { token, logprob } = draw(graph, config, settings, { inputs, uniform: graph.input("uniform", [batchSize]) });
  return plan({ tokens: token, logprobs: logprob });
}

/** Reads a token for each of the caches' first rows, draws the next one, and makes it the next run's input. */
function decodingProgram(graph: Graph, config: ModelConfig, settings: GenerationSettings, block: Block): Program {
  const specs = stateSpecs(block);
  const variable = (name: StateName): Tensor =>
    graph.variable(stateName(block, name), specs[name].shape, specs[name].dtype);
  const [ids, positions, offset, step] = [variable("ids"), variable("positions"), variable("offset"), variable("step")];
  const uniform = embedding(variable("uniforms"), step).reshape([block.nRows]); // the step's row
  const inputs = { ids, positions, start: variable("start"), offset };
  const drawn = draw(graph, config, settings, { inputs, uniform });
  const state = { tokens: variable("tokens"), logprobs: variable("logprobs"), ids, positions, offset, step };
  const { tokens, logprobs, ...others } = advance(state, drawn);
  return plan({ tokens, logprobs }, Object.values<Tensor>(others));
}

/** Reads tokens for each of the caches' first rows and draws the next ones from the last column. */
function draw(
  graph: Graph,
  config: ModelConfig,
  settings: GenerationSettings,
  { inputs, uniform }: { readonly inputs: DecoderInputs; readonly uniform: Tensor },
): ReturnType<typeof sample> {
  const [nRows = 0, length = 0] = inputs.ids.shape;
  const shape = cacheShape(config, settings);
  const caches = Array.from({ length: config.nLayers }, (_, layer): LayerCache => {
    const [k, v] = cacheNames(layer);
    return { k: graph.variable(k, shape, graph.precision), v: graph.variable(v, shape, graph.precision) };
  });
  const h = hidden(graph, config, { ...inputs, caches }, { span: lastSpan(length) }); // [B, 1, C]
  const last: Tensor = h.reshape([nRows, config.hiddenSize]); // [B, C]
  return sample(uncappedLogits(last, config), uniform, { ...settings.sampling, softcap: config.logitSoftcap });
}

/** Steps of so many rows. */
interface Block {
  readonly nRows: number;
  readonly nSteps: number;
}

/** Variables of a decoding program besides weights and caches: what its steps leave, and what they only read. */
type StateName = keyof DecodingState | "start" | "uniforms";

function stateSpecs({ nRows, nSteps }: Block): Readonly<Record<StateName, TensorSpec>> {
  const integers = (...shape: number[]): TensorSpec => ({ shape, dtype: "i32" });
  const floats = (...shape: number[]): TensorSpec => ({ shape, dtype: "f32" });
  return {
    ...{ ids: integers(nRows, 1), positions: integers(nRows, 1), start: integers(nRows) },
    ...{ offset: integers(1), step: integers(1), uniforms: floats(nSteps, nRows) },
    ...{ tokens: integers(nSteps, nRows), logprobs: floats(nSteps, nRows) },
  };
}

/** Each program has its own. */
const stateName = ({ nRows }: Pick<Block, "nRows">, name: string): string => `decoding.${nRows}.${name}`;

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
