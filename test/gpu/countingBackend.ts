import {
  type Backend,
  type Bindings,
  type DeviceBuffer,
  type Executable,
  type HostArray,
  type KeptOutputs,
  type MemoryUse,
} from "../../engine/compute/backend.ts";
import { RUNS_AT_A_TIME } from "../../engine/compute/backends/cuda/backend.ts";
import { type Encoded, LOGITS_HELD, align, encode } from "../../engine/compute/backends/cuda/encode.ts";
import type { KernelLaunch } from "../../engine/compute/backends/cuda/launch.ts";
import { type WeightType, repeated } from "../../engine/compute/graph/dtype.ts";
import type { Program } from "../../engine/compute/graph/program.ts";
import { type TensorSpec, bytesOf, defined, sizeOf } from "../../engine/compute/graph/tensor.ts";
import { type Cost, costsOf } from "./roofline.ts";

/** Work that a card would have been asked for. */
export interface Counts {
  /** Runs that were asked for, each of which may be of many times: as often the host waits for the card. */
  runs: number;
  launches: number;
  readonly costs: Map<Cost, number>;
  /** Launches by kernel, and one of them. */
  readonly kernels: Map<string, { readonly launch: KernelLaunch; count: number }>;
}

/**
 * A cuda backend without a card: encodes every program as that does, counts what would be launched, and gives ones as
 * results, which any loss and any sampled token may be.
 */
export class CountingBackend implements Backend {
  readonly name = "cuda";
  readonly precision: WeightType;
  readonly limits = {};
  readonly runsAtATime = RUNS_AT_A_TIME;
  readonly counts: Counts = { runs: 0, launches: 0, costs: new Map(), kernels: new Map() };
  private readonly workspaceBytes: number;
  private held = 0;
  private arena = 0;
  private peak = 0;

  /**
   * @param precision - That models compute with.
   * @param workspaceBytes - Of a library of products, as large as the planner takes it; none unless given.
   */
  constructor(precision: WeightType, workspaceBytes = 0) {
    this.precision = precision;
    this.workspaceBytes = workspaceBytes;
  }

  /** Buffers, tables and constants, and the arena of the largest program since it was last given up. */
  get memory(): MemoryUse {
    return { allocatedBytes: this.held + this.arena, peakBytes: this.peak };
  }

  fewestRows(): number {
    return 1;
  }

  allocate({ shape, dtype }: TensorSpec): DeviceBuffer {
    const buffer = { backend: this.name, shape, dtype };
    this.hold(bytesOf(buffer), 1);
    return buffer;
  }

  write(): void {
    // There is nothing to write to.
  }

  read({ shape, dtype }: DeviceBuffer): Promise<HostArray> {
    return Promise.resolve(repeated(1, dtype, sizeOf(shape)));
  }

  release(buffer: DeviceBuffer): void {
    this.hold(bytesOf(buffer), -1);
  }

  compile(program: Program): Executable {
    const encoded = encode(program, LOGITS_HELD);
    const own = encoded.constantBytes + 8 * encoded.table.length;
    this.fit(encoded);
    this.hold(own, 1);
    const costs = costsOf(program);
    return {
      program,
      run: async ({ times = 1 }) => {
        this.count(encoded, costs, times);
        return Promise.resolve(onesOf(program, Object.keys(program.outputs)));
      },
      runKeeping: async <K extends string>({ times = 1 }: Bindings, keep: readonly K[]): Promise<KeptOutputs<K>> => {
        this.count(encoded, costs, times);
        const names = Object.keys(program.outputs).filter((name) => !keep.some((kept) => kept === name));
        const kept = keep.map((name) => [name, this.allocate(valueOf(program, name))] as const);
        return Promise.resolve({
          outputs: onesOf(program, names),
          kept: Object.fromEntries(kept) as Record<K, DeviceBuffer>,
        });
      },
      release: () => this.hold(own, -1),
    };
  }

  rest(): void {
    this.arena = 0;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private hold(bytes: number, sign: 1 | -1): void {
    this.held += sign * align(bytes);
    this.peak = Math.max(this.peak, this.held + this.arena);
  }

  private fit({ arenaBytes, hasProducts }: Encoded): void {
    this.arena = Math.max(this.arena, arenaBytes + (hasProducts ? this.workspaceBytes : 0));
    this.hold(0, 1);
  }

  private count(encoded: Encoded, costs: readonly Cost[], times: number): void {
    const { counts } = this;
    const { launches } = encoded;
    this.fit(encoded);
    counts.runs++;
    counts.launches += times * launches.length;
    for (const cost of costs) counts.costs.set(cost, (counts.costs.get(cost) ?? 0) + times);
    for (const launch of launches) {
      const known = counts.kernels.get(launch.kernel);
      if (known === undefined) counts.kernels.set(launch.kernel, { launch, count: times });
      else known.count += times;
    }
  }
}

const valueOf = (program: Program, output: string): TensorSpec =>
  defined(program.values[defined(program.outputs[output])]);

function onesOf(program: Program, names: readonly string[]): Readonly<Record<string, HostArray>> {
  return Object.fromEntries(
    names.map((name) => {
      const { dtype, shape } = valueOf(program, name);
      return [name, repeated(1, dtype, sizeOf(shape))] as const;
    }),
  );
}
