import type { Backend, DeviceBuffer } from "../compute/backend.ts";
import { gradients } from "../compute/graph/gradients.ts";
import type { Recomputation } from "../compute/graph/recompute.ts";
import { type Program, plan } from "../compute/graph/program.ts";
import { type Graph, type Shape, type Tensor, sizeOf } from "../compute/graph/tensor.ts";
import { accumulate } from "../compute/ops/index.ts";
import { type DeviceWeights, type SequenceInputs, TypedPrograms } from "../models/index.ts";
import { type OptimizerSettings, hyperInputs, optimizerNodes } from "./optimizer.ts";
import type { TrainState } from "./trainState.ts";

/** A loss and further values to report, all scalars. */
export interface LossNodes {
  /** `[]`. A step descends the sum over its micro-batches, so each must carry its share: see the batches' weights. */
  readonly loss: Tensor;
  /** `[]` each, by path, such as `policy/clipfrac`; added up over micro-batches like the loss. */
  readonly metrics?: Readonly<Record<string, Tensor>>;
}

/** Builds the forward computation; called once per program, each time on an empty graph. */
export type LossBuilder = (graph: Graph) => LossNodes;

/** Settings of a training step that do not depend on its model. */
export type StepChoices = Pick<StepSettings, "optimizer" | "recomputation">;

/** Settings that a training step is compiled from. */
export interface StepSettings {
  /** For messages: "sft", "ppo". */
  readonly name: string;
  /** Trained parameters: names and shapes of variables that the loss depends on. */
  readonly parameters: ReadonlyMap<string, Shape>;
  readonly loss: LossBuilder;
  readonly optimizer: OptimizerSettings;
  /** Results of the forward pass that the backward pass computes again: those of cheap ops unless given. */
  readonly recomputation?: Recomputation | undefined;
}

/** How a step went. */
export interface StepResult {
  readonly loss: number;
  /** Global norm of the gradient before clipping. */
  readonly gradNorm: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A loss, norm or metric that is not a finite number; the weights are as they were before the step. */
export class NumericalError extends Error {
  override readonly name = "NumericalError";
  /** Which one. */
  readonly metric: string;
  constructor(where: string, metric: string, value: number, remedy: string) {
    super(`${where}: ${metric} is ${value}; ${remedy}`);
    this.metric = metric;
  }
}

/** Loss, gradients, clipping and AdamW as compiled programs: one run per step, or one per micro-batch and an update. */
export class TrainStep {
  private readonly backend: Backend;
  private readonly settings: StepSettings;
  private readonly whole: TypedPrograms;
  private parts: Parts | undefined;

  constructor(backend: Backend, settings: StepSettings) {
    this.backend = backend;
    this.settings = settings;
    this.whole = new TypedPrograms(backend, (graph) => wholeProgram(graph, settings));
  }

  /** Names and shapes of what is trained. */
  get parameters(): ReadonlyMap<string, Shape> {
    return this.settings.parameters;
  }

  /**
   * Takes one optimizer step.
   *
   * With several micro-batches, the inputs of the loss, gradients are added up before one update. `frozen` binds the
   * loss's variables that are not trained.
   *
   * @throws {NumericalError} when loss, gradient norm or a metric is not finite; nothing was updated then.
   */
  async run(
    state: TrainState,
    microBatches: readonly SequenceInputs[],
    learningRate: number,
    frozen: Readonly<Record<string, DeviceBuffer>> = {},
  ): Promise<StepResult> {
    const hyper = hyperInputs(this.settings.optimizer, { learningRate, step: state.step + 1 });
    const variables = { ...state.variables, ...frozen };
    const where = `${this.settings.name} step ${state.step + 1}`;
    const [only, ...others] = microBatches;
    if (only === undefined) throw new TypeError(`${where}: no batch given`);
    const { maxGradNorm = 0 } = this.settings.optimizer;
    const clipping = maxGradNorm === 0 ? "set maxGradNorm" : `lower maxGradNorm (now ${maxGradNorm})`;
    const remedy = `lower the learning rate (now ${learningRate}) or ${clipping}`;
    const result =
      others.length === 0
        ? await this.runWhole({ ...only, ...hyper }, variables, (totals) => checked(totals, where, remedy))
        : await this.runParts(microBatches, hyper, variables, (totals) => checked(totals, where, remedy));
    state.advance();
    return result;
  }

  release(): void {
    this.whole.release();
    this.parts?.accumulate.release();
    this.parts?.update.release();
    for (const buffer of Object.values(this.parts?.gradients ?? {})) this.backend.release(buffer);
    this.parts = undefined;
  }

  private async runWhole(inputs: SequenceInputs, variables: Variables, check: Check): Promise<StepResult> {
    return stepResult(check(scalars(await this.whole.for(variables).run({ inputs, variables }))));
  }

  private async runParts(
    microBatches: readonly SequenceInputs[],
    hyper: SequenceInputs,
    variables: Variables,
    check: Check,
  ): Promise<StepResult> {
    this.parts ??= makeParts(this.backend, this.settings);
    const { gradients: sums, zeros } = this.parts;
    for (const buffer of Object.values(sums)) this.backend.write(buffer, zeros.subarray(0, sizeOf(buffer.shape)));
    const bound = { ...variables, ...sums };
    const [add, update] = [this.parts.accumulate.for(bound), this.parts.update.for(bound)];
    const totals: Record<string, number> = {};
    for (const inputs of microBatches) {
      const outputs = check(scalars(await add.run({ inputs, variables: bound })));
      for (const [name, value] of Object.entries(outputs)) totals[name] = (totals[name] ?? 0) + value;
    }
    const norm = check(scalars(await update.run({ inputs: hyper, variables: bound })));
    return stepResult({ ...totals, ...norm });
  }
}

/** A loss without its gradient, for held-out data. */
export class Evaluation {
  private readonly programs: TypedPrograms;

  constructor(backend: Backend, loss: LossBuilder) {
    this.programs = new TypedPrograms(backend, (graph) => plan(lossOutputs(loss(graph))));
  }

  /** Adds up loss and metrics over the batches. */
  async run(weights: DeviceWeights, batches: readonly SequenceInputs[]): Promise<Omit<StepResult, "gradNorm">> {
    const executable = this.programs.for(weights.buffers);
    const totals: Record<string, number> = {};
    for (const inputs of batches) {
      const outputs = scalars(await executable.run({ inputs, variables: weights.buffers }));
      for (const [name, value] of Object.entries(outputs)) totals[name] = (totals[name] ?? 0) + value;
    }
    const { loss, metrics } = stepResult(totals);
    return { loss, metrics };
  }

  release(): void {
    this.programs.release();
  }
}

type Variables = Readonly<Record<string, DeviceBuffer>>;
type Totals = Readonly<Record<string, number>>;
type Check = (totals: Totals) => Totals;

interface Parts {
  readonly accumulate: TypedPrograms;
  readonly update: TypedPrograms;
  readonly gradients: Variables;
  /** As many as the largest gradient has numbers. */
  readonly zeros: Float32Array;
}

const METRIC = "metric:";
const gradientName = (parameter: string): string => `gradient.${parameter}`;

/** The program of a step, or of one of its micro-batches: what its memory is planned by. */
export function trainingProgram(graph: Graph, settings: StepSettings, isMicroBatch: boolean): Program {
  return isMicroBatch ? accumulateProgram(graph, settings) : wholeProgram(graph, settings);
}

function wholeProgram(graph: Graph, { parameters, loss: build, optimizer, recomputation }: StepSettings): Program {
  const nodes = build(graph);
  const grads = gradients(nodes.loss, variablesOf(graph, parameters), recomputation);
  const { gradNorm, updates } = optimizerNodes(graph, parameters, grads, optimizer, nodes.loss);
  return plan({ ...lossOutputs(nodes), gradNorm }, updates);
}

function accumulateProgram(graph: Graph, { parameters, loss: build, recomputation }: StepSettings): Program {
  const nodes = build(graph);
  const grads = gradients(nodes.loss, variablesOf(graph, parameters), recomputation);
  const sums = sumVariables(graph, parameters);
  return plan(
    lossOutputs(nodes),
    sums.map((total, index) => accumulate(total, grads[index] ?? total)),
  );
}

function updateProgram(graph: Graph, { parameters, optimizer }: StepSettings): Program {
  const { gradNorm, updates } = optimizerNodes(graph, parameters, sumVariables(graph, parameters), optimizer);
  return plan({ gradNorm }, updates);
}

function makeParts(backend: Backend, settings: StepSettings): Parts {
  const { parameters } = settings;
  const zeros = new Float32Array(Math.max(...[...parameters.values()].map(sizeOf)));
  return {
    accumulate: new TypedPrograms(backend, (graph) => accumulateProgram(graph, settings)),
    update: new TypedPrograms(backend, (graph) => updateProgram(graph, settings)),
    gradients: Object.fromEntries(
      [...parameters].map(([name, shape]) => [gradientName(name), backend.allocate({ shape, dtype: "f32" })]),
    ),
    zeros,
  };
}

function variablesOf(graph: Graph, parameters: ReadonlyMap<string, Shape>): readonly Tensor[] {
  return [...parameters].map(([name, shape]) => graph.variable(name, shape));
}

function sumVariables(graph: Graph, parameters: ReadonlyMap<string, Shape>): readonly Tensor[] {
  return [...parameters].map(([name, shape]) => graph.variable(gradientName(name), shape));
}

/** Metrics get a prefix, so that none can be called like the loss. */
function lossOutputs({ loss, metrics = {} }: LossNodes): Record<string, Tensor> {
  const named = Object.entries(metrics).map(([name, tensor]) => [METRIC + name, tensor] as const);
  return { loss, ...Object.fromEntries(named) };
}

function scalars(outputs: Readonly<Record<string, ArrayLike<number>>>): Totals {
  return Object.fromEntries(Object.entries(outputs).map(([name, data]) => [name, data[0] ?? NaN]));
}

function stepResult(totals: Totals): StepResult {
  const metrics = Object.entries(totals)
    .filter(([name]) => name.startsWith(METRIC))
    .map(([name, value]) => [name.slice(METRIC.length), value] as const);
  return {
    loss: totals["loss"] ?? NaN,
    gradNorm: totals["gradNorm"] ?? NaN,
    metrics: Object.fromEntries(metrics),
  };
}

function checked(totals: Totals, where: string, remedy: string): Totals {
  for (const [name, value] of Object.entries(totals)) {
    if (!Number.isFinite(value)) throw new NumericalError(where, name.replace(METRIC, ""), value, remedy);
  }
  return totals;
}
