import type { Backend, DeviceBuffer } from "../compute/backend.ts";
import { type WeightType, toBf16 } from "../compute/graph/dtype.ts";
import type { Shape } from "../compute/graph/tensor.ts";
import {
  type FetchedTensor,
  type TensorStream,
  type Weights,
  DeviceWeights,
  asF32,
  isRounded,
} from "../models/index.ts";
import { masterName, momentNames } from "./optimizer.ts";

/** Everything an optimizer needs to go on with the same bytes. */
export interface SavedTrainState {
  /** Optimizer steps taken. */
  readonly step: number;
  /** In f32, whatever the model computes with: that follows from them. */
  readonly weights: Weights;
  /** Both moments of every parameter, named as {@link momentNames} says. */
  readonly optimizer: Weights;
}

/** The same on its way to a device, tensor by tensor. */
export interface RestoredTrainState {
  readonly step: number;
  readonly weights: TensorStream<Float32Array>;
  readonly optimizer: TensorStream<Float32Array>;
}

/**
 * Parameters and AdamW moments on a device, released by their maker.
 *
 * The optimizer works on f32 weights. A model that computes in f32 reads those very weights; one that computes in bf16
 * reads copies of the matrices, which each step rounds from their masters (Micikevicius et al. 2018,
 * arXiv:1710.03740, section 3.1). Vectors (norms, biases) are few and have no copies.
 */
export class TrainState {
  /** Weights that the model computes with, also in generators and scorers; steps update them in place. */
  readonly weights: DeviceWeights;
  /** f32 weights of those that `weights` holds in another type. */
  private readonly masters: DeviceWeights;
  private readonly moments: DeviceWeights;
  private taken: number;
  private isFinished = false;

  private constructor({ weights, masters, moments }: Held, step: number) {
    this.weights = weights;
    this.masters = masters;
    this.moments = moments;
    this.taken = step;
  }

  /** A fresh optimizer on the given weights, for a model that computes with the given type: the backend's, unless given. */
  static create(backend: Backend, weights: TensorStream<Float32Array>, compute = backend.precision): TrainState {
    const held = upload(backend, weights, compute);
    const moments = new Map<string, Shape>();
    for (const [name, { shape }] of Object.entries(held.weights.buffers)) {
      const { m, v } = momentNames(name);
      moments.set(m, shape).set(v, shape);
    }
    return new TrainState({ ...held, moments: DeviceWeights.zeros(backend, moments) }, 0);
  }

  /** Goes on exactly where {@link TrainState.save} was called. */
  static restore(backend: Backend, saved: RestoredTrainState, compute = backend.precision): TrainState {
    const held = upload(backend, saved.weights, compute);
    return new TrainState({ ...held, moments: DeviceWeights.upload(backend, saved.optimizer, "f32") }, saved.step);
  }

  /** Copies everything to the host. */
  async save(): Promise<SavedTrainState> {
    return { step: this.taken, weights: await this.read(), optimizer: asF32(await this.moments.read()) };
  }

  /** All that `save` copies, to be written tensor by tensor. */
  fetched(): ReadonlyMap<string, FetchedTensor> {
    return new Map([...this.fetchedWeights(), ...this.moments.fetched()]);
  }

  /** The weights as the optimizer keeps them, to be written tensor by tensor. */
  fetchedWeights(): ReadonlyMap<string, FetchedTensor> {
    return new Map([...this.weights.fetched(), ...this.masters.fetched()]);
  }

  /** Copies the weights to the host, as the optimizer keeps them. */
  async read(): Promise<Weights> {
    return asF32(new Map([...(await this.weights.read()), ...(await this.masters.read())]));
  }

  /** Optimizer steps taken. */
  get step(): number {
    return this.taken;
  }

  /** Bindings of parameters, masters and moments. */
  get variables(): Readonly<Record<string, DeviceBuffer>> {
    return { ...this.weights.buffers, ...this.masters.bind(masterName("")), ...this.moments.buffers };
  }

  /** Counts a step; for the code that has just taken it. */
  advance(): void {
    this.taken++;
  }

  /** Gives the moments' memory back, at the end of a training whose weights are still wanted. */
  finish(): void {
    if (this.isFinished) return;
    this.isFinished = true;
    this.moments.release();
  }

  release(): void {
    this.weights.release();
    this.masters.release();
    this.finish();
  }
}

interface Held {
  readonly weights: DeviceWeights;
  readonly masters: DeviceWeights;
  readonly moments: DeviceWeights;
}

/** Weights to compute with, and masters of those that are of another type. */
function upload(
  backend: Backend,
  weights: TensorStream<Float32Array>,
  compute: WeightType,
): Pick<Held, "weights" | "masters"> {
  const [own, masters] = [new Map<string, DeviceBuffer>(), new Map<string, DeviceBuffer>()];
  for (const [name, { shape, data }] of weights) {
    const isCopied = compute === "bf16" && isRounded(shape);
    own.set(name, backend.allocate({ shape, dtype: isCopied ? "bf16" : "f32" }, isCopied ? toBf16(data) : data));
    if (isCopied) masters.set(name, backend.allocate({ shape, dtype: "f32" }, data));
  }
  return { weights: DeviceWeights.of(backend, own), masters: DeviceWeights.of(backend, masters) };
}
