import type { Backend, DeviceBuffer } from "../compute/backend.ts";
import { sizeOf } from "../compute/graph/tensor.ts";
import type { WeightType } from "../compute/graph/dtype.ts";
import { type FrozenWeights, type HostTensor, type Weights, DeviceWeights, asBf16, asF32 } from "../models/index.ts";
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

  private constructor(backend: Backend, { step, weights, optimizer }: SavedTrainState, compute: WeightType) {
    const matrices = compute === "f32" ? [] : [...weights].filter(([, { shape }]) => shape.length > 1);
    const copies: FrozenWeights = asBf16(new Map(matrices));
    this.weights = DeviceWeights.upload(backend, new Map([...weights, ...copies]));
    this.masters = DeviceWeights.upload(backend, new Map(matrices));
    this.moments = DeviceWeights.upload(backend, optimizer);
    this.taken = step;
  }

  /** A fresh optimizer on the given weights, for a model that computes with the given type. */
  static create(backend: Backend, weights: Weights, compute: WeightType = "f32"): TrainState {
    const optimizer = new Map<string, HostTensor>();
    for (const [name, { shape }] of weights) {
      const { m, v } = momentNames(name);
      optimizer.set(m, { shape, data: new Float32Array(sizeOf(shape)) });
      optimizer.set(v, { shape, data: new Float32Array(sizeOf(shape)) });
    }
    return new TrainState(backend, { step: 0, weights, optimizer }, compute);
  }

  /** Goes on exactly where {@link TrainState.save} was called. */
  static restore(backend: Backend, saved: SavedTrainState, compute: WeightType = "f32"): TrainState {
    return new TrainState(backend, saved, compute);
  }

  /** Copies everything to the host. */
  async save(): Promise<SavedTrainState> {
    return { step: this.taken, weights: await this.read(), optimizer: asF32(await this.moments.read()) };
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

  release(): void {
    this.weights.release();
    this.masters.release();
    this.moments.release();
  }
}
