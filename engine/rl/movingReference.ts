import type { Backend } from "../compute/backend.ts";
import type { WeightType } from "../compute/graph/dtype.ts";
import { plan } from "../compute/graph/program.ts";
import type { Shape } from "../compute/graph/tensor.ts";
import { accumulate } from "../compute/ops/index.ts";
import { type DeviceWeights, TypedPrograms } from "../models/index.ts";
import { WeightsError } from "../models/weights.ts";

/** How a reference follows the policy. */
export interface MovingReference {
  readonly kind: keyof typeof SHARES;
  /** Iterations between two moves. */
  readonly every: number;
  /** Share of the policy in a moving average. */
  readonly rate: number;
}

/**
 * Share μ of the policy in the reference after its n-th move, reference ← (1 − μ)·reference + μ·policy:
 * - `ema`: an exponential moving average, WARP's anchor (Ramé et al. 2024, arXiv:2406.16768);
 * - `reset`: the policy as it is, as in TR-DPO's hard update (Gorbatovski et al. 2024, arXiv:2404.09656);
 * - `trajectory`: the uniform soup of the first reference and of the policy at every move so far.
 *
 * Add yours here; the config's choices are compared with these.
 */
export const SHARES = {
  ema: ({ rate }: Pick<MovingReference, "rate">): number => rate,
  reset: (): number => 1,
  trajectory: (_: Pick<MovingReference, "rate">, move: number): number => 1 / (move + 1),
} as const;

/** Share of the policy that goes into the reference after so many iterations; 0 where it stays. */
export function movedShare({ kind, every, rate }: MovingReference, iterations: number): number {
  return iterations % every === 0 ? SHARES[kind]({ rate }, iterations / every) : 0;
}

/**
 * Checks that a reference can move where weights are held so.
 * @throws {WeightsError} for bf16, in which small moves would be rounded away.
 */
export function checkMoves(precision: WeightType): void {
  if (precision === "f32") return;
  const remedy = 'set "runtime": { "precision": "f32" }, or leave movingReference out';
  throw new WeightsError(`moving reference: ${precision} would round its moves away; ${remedy}`);
}

const [REFERENCE, POLICY] = ["reference.", "policy."];

/** Moves a reference towards a policy, on the device and in place. */
export class ReferenceMover {
  private readonly programs: TypedPrograms;

  /**
   * `shapes` are those of the reference's tensors by name, which the policy has, too.
   *
   * @throws {WeightsError} when the backend holds weights in bf16.
   */
  constructor(backend: Backend, shapes: ReadonlyMap<string, Shape>) {
    checkMoves(backend.precision);
    this.programs = new TypedPrograms(backend, (graph) => {
      const share = graph.input("share", [1]);
      const moves = [...shapes].map(([name, shape]) => {
        const reference = graph.variable(REFERENCE + name, shape);
        const policy = graph.variable(POLICY + name, shape);
        return accumulate(reference, policy.sub(reference).mul(share));
      });
      return plan({}, moves);
    });
  }

  async move(reference: DeviceWeights, policy: DeviceWeights, share: number): Promise<void> {
    const variables = { ...reference.bind(REFERENCE), ...policy.bind(POLICY) };
    await this.programs.for(variables).run({ inputs: { share: Float32Array.of(share) }, variables });
  }

  release(): void {
    this.programs.release();
  }
}
