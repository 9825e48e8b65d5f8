import type { Backend } from "../compute/backend.ts";
import { type HostTensor, type TensorStream, type WeightArray, DeviceWeights } from "./weights.ts";

/**
 * Fewest bytes that leave a device while they are idle. Below, so little is gained that nobody would miss it (a process
 * takes six times as much before it holds any model), and the calls that it takes, some hundreds, would show in the
 * iterations of models that small: 45 ms with the demo's.
 */
export const IDLE_BYTES = 32 * 2 ** 20;

/** Weights that are read each time they are needed, as nothing holds them between. */
export interface WeightsSource {
  /** All tensors, one by one; each lasts until the next is asked for. */
  read(): AsyncIterable<readonly [name: string, tensor: HostTensor<WeightArray>]>;
}

/** Weights that are on a device when they are at work, if not before and after. */
export interface Working {
  atWork<T>(work: (weights: DeviceWeights) => Promise<T>): Promise<T>;
}

/** Weights that are on the device throughout; shares and does not own their memory. */
export function present(weights: DeviceWeights): Working {
  return { atWork: (work) => work(weights) };
}

/**
 * A model that is only read, as a role in a training: on the device throughout, or, where its weights can be read again,
 * only while it is at work. Nothing that is computed depends on which.
 */
export class FrozenRole implements Working {
  private readonly backend: Backend;
  private readonly below: DeviceWeights | undefined;
  private readonly own: DeviceWeights | WeightsSource;

  /** Its weights, or those that it has over the ones `below`, which somebody else holds. */
  constructor(backend: Backend, weights: TensorStream | WeightsSource, below?: DeviceWeights) {
    this.backend = backend;
    this.below = below;
    this.own = "read" in weights ? weights : DeviceWeights.upload(backend, weights);
  }

  /** Its own weights, where they stay on the device. */
  get resident(): DeviceWeights | undefined {
    return this.own instanceof DeviceWeights ? this.own : undefined;
  }

  /** Lets the model work: its weights are on the device until the promise settles. */
  async atWork<T>(work: (weights: DeviceWeights) => Promise<T>): Promise<T> {
    const { backend, own } = this;
    if (own instanceof DeviceWeights) return work(this.over(own));
    // Programs that ran before would hold the room that it takes, and its own that of those that run after it.
    backend.rest();
    const weights = await DeviceWeights.read(backend, own.read());
    try {
      return await work(this.over(weights));
    } finally {
      weights.release();
      backend.rest();
    }
  }

  release(): void {
    this.resident?.release();
  }

  private over(weights: DeviceWeights): DeviceWeights {
    return this.below?.and(weights) ?? weights;
  }
}

/** Lets several models work at the same time. */
export function allAtWork<T>(
  roles: readonly Working[],
  work: (weights: readonly DeviceWeights[]) => Promise<T>,
): Promise<T> {
  const [first, ...others] = roles;
  if (first === undefined) return work([]);
  return first.atWork((one) => allAtWork(others, (rest) => work([one, ...rest])));
}
