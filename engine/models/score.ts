import type { Backend, HostArray } from "../compute/backend.ts";
import type { Graph, Tensor } from "../compute/graph/tensor.ts";
import { plan } from "../compute/graph/program.ts";
import { fullKl } from "../compute/ops/index.ts";
import type { ModelConfig } from "./config.ts";
import { hidden } from "./decoder.ts";
import { outputEmbedding, lastSpan, responseSpan, scores, tokenLogprobs, values } from "./heads.ts";
import {
  type Rollouts,
  SequenceError,
  chunks,
  padQueries,
  responseTargets,
  sequenceArrays,
  sequenceInputs,
} from "./sequences.ts";
import { TypedPrograms } from "./typedPrograms.ts";
import type { DeviceWeights } from "./weights.ts";

/** Shapes that a scorer is compiled for. */
export interface ScorerSettings {
  /** Rollouts scored side by side, B. */
  readonly batchSize: number;
  /** Q tokens. */
  readonly queryLength: number;
  /** R tokens. */
  readonly responseLength: number;
  /** Divides the logits, as it did when sampling; 1 unless given. */
  readonly temperature?: number;
}

/** A model's scores of response tokens. */
export interface ResponseScores {
  /** Log π(token), nats, `[N, R]`; 0 after each response's end. */
  readonly logprobs: Float32Array;
  /** Entropy of the distribution the token was drawn from, nats, `[N, R]`; 0 after each response's end. */
  readonly entropies: Float32Array;
  /** Value of the state before each token, `[N, R]`, padding included; empty without the value head. */
  readonly values: Float32Array;
}

/** Outputs of a {@link ResponseScorer}: the language model's log-probabilities, the value head's values, or both. */
export type ResponseHead = "language" | "value";

/** Log-probabilities and values of given responses; forward only, for any weights of one config. */
export class ResponseScorer {
  private readonly settings: ScorerSettings;
  private readonly programs: TypedPrograms;

  constructor(
    backend: Backend,
    config: ModelConfig,
    settings: ScorerSettings,
    heads: readonly ResponseHead[] = ["language"],
  ) {
    this.settings = settings;
    const { batchSize, responseLength, temperature = 1 } = settings;
    this.programs = new TypedPrograms(backend, (graph) => {
      const states = rolloutStates(graph, config, settings);
      const outputs: Record<string, Tensor> = {};
      if (heads.includes("language")) {
        const targets = graph.input("targets", [batchSize, responseLength], "i32");
        const { logprob, entropy } = tokenLogprobs(states, targets, config, { temperature });
        Object.assign(outputs, { logprobs: logprob, entropies: entropy });
      }
      if (heads.includes("value")) outputs["values"] = values(states, config);
      return plan(outputs);
    });
  }

  async score(weights: DeviceWeights, rollouts: Rollouts): Promise<ResponseScores> {
    const results = await runRollouts(this.programs, this.settings, rollouts, weights.buffers);
    const none = new Float32Array(0);
    return {
      logprobs: results["logprobs"] ?? none,
      entropies: results["entropies"] ?? none,
      values: results["values"] ?? none,
    };
  }

  release(): void {
    this.programs.release();
  }
}

/**
 * KL over the whole vocabulary, Σ_v π(log π − log π_ref), at every response token; forward only.
 *
 * The policy's states are computed once and stay on the device for all references.
 */
export class FullKlScorer {
  private readonly backend: Backend;
  private readonly config: ModelConfig;
  private readonly settings: ScorerSettings;
  private readonly states: TypedPrograms;
  private readonly divergences: PerAdapter<TypedPrograms>;

  constructor(backend: Backend, config: ModelConfig, settings: ScorerSettings) {
    this.backend = backend;
    this.config = config;
    this.settings = settings;
    const shape = [settings.batchSize * settings.responseLength, config.hiddenSize];
    const statesOf = (graph: Graph, of: ModelConfig, prefix = ""): Tensor =>
      rolloutStates(graph, of, settings, prefix).reshape(shape); // [B·R, C]
    this.states = new TypedPrograms(backend, (graph) => plan({ states: statesOf(graph, config) }));
    this.divergences = new PerAdapter((of) => {
      return new TypedPrograms(backend, (graph) => {
        const [h, hRef] = [graph.input("policyStates", shape, graph.precision), statesOf(graph, of, "reference.")];
        const policy = { h, w: outputEmbedding(h, config, "policy.") };
        const reference = { h: hRef, w: outputEmbedding(hRef, of, "reference.") };
        const { temperature = 1 } = settings;
        return plan({ kl: fullKl(policy, reference, { temperature, softcap: config.logitSoftcap }) });
      });
    });
  }

  /**
   * `configs` are those of the references, where they have other adapters than the policy.
   *
   * @returns For each reference nats, `[N, R]`; 0 after each response's end.
   */
  async score(
    policy: DeviceWeights,
    references: readonly DeviceWeights[],
    rollouts: Rollouts,
    configs: readonly ModelConfig[] = references.map(() => this.config),
  ): Promise<readonly Float32Array[]> {
    checkRollouts(rollouts, this.settings);
    const { batchSize, responseLength } = this.settings;
    const results = references.map(() => new Float32Array(rollouts.count * responseLength));
    const states = this.states.for(policy.buffers);
    for (const rows of chunks(rollouts.count, batchSize)) {
      const inputs = sequenceArrays(rollouts, rows, batchSize);
      const { kept } = await states.runKeeping({ inputs, variables: policy.buffers }, ["states"]);
      try {
        for (const [index, reference] of references.entries()) {
          const variables = { ...policy.bind("policy."), ...reference.bind("reference.") };
          const { kl } = await this.divergences
            .of(configs[index] ?? this.config)
            .for(variables)
            .run({ inputs: { ...inputs, policyStates: kept.states }, variables });
          copyRows(results[index], kl, rows, responseLength);
        }
      } finally {
        this.backend.release(kept.states);
      }
    }
    for (const kl of results) clearPadding(kl, rollouts);
    return results;
  }

  release(): void {
    this.states.release();
    this.divergences.release();
  }
}

/** Something for each adapter that models of one base have, made when first asked for. */
export class PerAdapter<T extends { release(): void }> {
  private readonly make: (config: ModelConfig) => T;
  private readonly made = new Map<string, T>();

  constructor(make: (config: ModelConfig) => T) {
    this.make = make;
  }

  of(config: ModelConfig): T {
    const key = JSON.stringify(config.adapter ?? null);
    const made = this.made.get(key) ?? this.make(config);
    this.made.set(key, made);
    return made;
  }

  release(): void {
    for (const one of this.made.values()) one.release();
    this.made.clear();
  }
}

/** Shapes that a reward scorer is compiled for. */
export interface RewardScorerSettings {
  /** Sequences scored side by side, B. */
  readonly batchSize: number;
  /** Longest sequence, T tokens; unless given, that of each batch, rounded up to a power of 2. */
  readonly length?: number;
}

/** Fewest tokens that a scorer without a length is compiled for. */
const SHORTEST = 64;

/** Scalar rewards of whole sequences, from the reward head at the last token. */
export class RewardScorer {
  private readonly backend: Backend;
  private readonly config: ModelConfig;
  private readonly batchSize: number;
  private readonly length: number | undefined;
  /** By their length. */
  private readonly programs = new Map<number, TypedPrograms>();

  constructor(backend: Backend, config: ModelConfig, { batchSize, length }: RewardScorerSettings) {
    this.backend = backend;
    this.config = config;
    this.batchSize = batchSize;
    this.length = length;
    if (length !== undefined) this.compiled(length);
  }

  /**
   * Scores token ids without padding, `[N]` sequences of at most T tokens.
   *
   * @returns `[N]`.
   * @throws {SequenceError} naming a sequence that is empty or too long.
   */
  async score(weights: DeviceWeights, sequences: readonly (readonly number[])[]): Promise<Float32Array> {
    const results = new Float32Array(sequences.length);
    const length = this.length ?? this.roomFor(sequences);
    const padded = padQueries(sequences, length, 0);
    const executable = this.compiled(length).for(weights.buffers);
    for (const rows of chunks(sequences.length, this.batchSize)) {
      const inputs = sequenceArrays(padded, rows, this.batchSize);
      const outputs = await executable.run({ inputs, variables: weights.buffers });
      copyRows(results, outputs["scores"], rows, 1);
    }
    return results;
  }

  release(): void {
    for (const programs of this.programs.values()) programs.release();
  }

  /** By the sequences alone, so that a run that goes on computes as one that was not interrupted. */
  private roomFor(sequences: readonly (readonly number[])[]): number {
    const longest = sequences.reduce((most, { length }) => Math.max(most, length), SHORTEST);
    return Math.min(2 ** Math.ceil(Math.log2(longest)), this.config.maxPositions);
  }

  private compiled(length: number): TypedPrograms {
    const { config, batchSize } = this;
    const known = this.programs.get(length);
    if (known !== undefined) return known;
    const programs = new TypedPrograms(this.backend, (graph) => {
      const inputs = sequenceInputs(graph, batchSize, length);
      const h = hidden(graph, config, inputs, { span: lastSpan(length) }); // [B, 1, C]
      return plan({ scores: scores(h, config) });
    });
    this.programs.set(length, programs);
    return programs;
  }
}

/** States from which the response tokens are predicted, `[B, R, C]`. */
export function rolloutStates(graph: Graph, config: ModelConfig, settings: ScorerSettings, prefix = ""): Tensor {
  const { batchSize, queryLength, responseLength } = settings;
  const inputs = sequenceInputs(graph, batchSize, queryLength + responseLength);
  return hidden(graph, config, inputs, { prefix, span: responseSpan(queryLength, responseLength) }); // [B, R, C]
}

/** Runs all rollouts through a program of fixed batch size; every output is `[B, R]` and becomes `[N, R]`. */
export async function runRollouts(
  programs: TypedPrograms,
  settings: ScorerSettings,
  rollouts: Rollouts,
  variables: DeviceWeights["buffers"],
): Promise<Record<string, Float32Array>> {
  checkRollouts(rollouts, settings);
  const { batchSize, responseLength } = settings;
  const executable = programs.for(variables);
  const results: Record<string, Float32Array> = {};
  for (const rows of chunks(rollouts.count, batchSize)) {
    const targets = responseTargets(rollouts, rows, batchSize);
    const arrays = sequenceArrays(rollouts, rows, batchSize);
    const inputs = "targets" in executable.program.inputs ? { ...arrays, targets } : arrays;
    const outputs = await executable.run({ inputs, variables });
    for (const [name, data] of Object.entries(outputs)) {
      results[name] ??= new Float32Array(rollouts.count * responseLength);
      copyRows(results[name], data, rows, responseLength);
    }
  }
  for (const [name, data] of Object.entries(results)) {
    // A score that is paid on the first pad after the end is learned there: that value must be real.
    if (name !== "values") clearPadding(data, rollouts);
  }
  return results;
}

/** @throws {SequenceError} when programs were compiled for another shape. */
function checkRollouts(rollouts: Rollouts, { queryLength, responseLength }: ScorerSettings): void {
  if (rollouts.queryLength === queryLength && rollouts.responseLength === responseLength) return;
  const shape = `${rollouts.queryLength} + ${rollouts.responseLength}`;
  throw new SequenceError(`score rollouts: compiled for ${queryLength} + ${responseLength} tokens, got ${shape}`);
}

function copyRows(
  into: Float32Array | undefined,
  from: HostArray | undefined,
  rows: readonly number[],
  width: number,
): void {
  if (into === undefined || from === undefined || rows[0] === undefined) return;
  into.set(from.subarray(0, rows.length * width), rows[0] * width);
}

function clearPadding(data: Float32Array, { count, responseLength, lengths }: Rollouts): void {
  for (let row = 0; row < count; row++)
    data.fill(0, row * responseLength + (lengths[row] ?? 0), (row + 1) * responseLength);
}
