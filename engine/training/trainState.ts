import type { Backend, DeviceBuffer } from "../compute/backend.ts";
import { sizeOf } from "../compute/graph/tensor.ts";
import { type HostTensor, type Weights, DeviceWeights } from "../models/index.ts";
import { momentNames } from "./optimizer.ts";

/** Everything an optimizer needs to go on with the same bytes. */
export interface SavedTrainState {
  /** Optimizer steps taken. */
  readonly step: number;
  readonly weights: Weights;
  /** Both moments of every parameter, named as {@link momentNames} says. */
  readonly optimizer: Weights;
}

/** Parameters and AdamW moments on a device, released by its maker. */
export class TrainState {
  /** Usable by generators and scorers as it is: steps update it in place. */
  readonly weights: DeviceWeights;
  private readonly moments: DeviceWeights;
  private taken: number;

  private constructor(backend: Backend, { step, weights, optimizer }: SavedTrainState) {
    this.weights = DeviceWeights.upload(backend, weights);
    this.moments = DeviceWeights.upload(backend, optimizer);
    this.taken = step;
  }

  /** A fresh optimizer on the given weights. */
  static create(backend: Backend, weights: Weights): TrainState {
    const optimizer = new Map<string, HostTensor>();
    for (const [name, { shape }] of weights) {
      const { m, v } = momentNames(name);
      optimizer.set(m, { shape, data: new Float32Array(sizeOf(shape)) });
      optimizer.set(v, { shape, data: new Float32Array(sizeOf(shape)) });
    }
    return new TrainState(backend, { step: 0, weights, optimizer });
  }

  /** Goes on exactly where {@link TrainState.save} was called. */
  static restore(backend: Backend, saved: SavedTrainState): TrainState {
    return new TrainState(backend, saved);
  }

  /** Copies everything to the host. */
  async save(): Promise<SavedTrainState> {
    return { step: this.taken, weights: await this.weights.read(), optimizer: await this.moments.read() };
  }

  /** Optimizer steps taken. */
  get step(): number {
    return this.taken;
  }

  /** Bindings of parameters and moments. */
  get variables(): Readonly<Record<string, DeviceBuffer>> {
    return { ...this.weights.buffers, ...this.moments.buffers };
  }

  /** Counts a step; for the code that has just taken it. */
  advance(): void {
    this.taken++;
  }

  release(): void {
    this.weights.release();
    this.moments.release();
  }
}
