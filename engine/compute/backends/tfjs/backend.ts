import {
  type Backend,
  type Bindings,
  BindingError,
  type DeviceBuffer,
  type Executable,
  type HostArray,
  type KeptOutputs,
  type Limits,
  type MemoryUse,
  OutOfMemoryError,
  checkBound,
  checkKept,
} from "../../backend.ts";
import { type WeightType, repeated } from "../../graph/dtype.ts";
import type { Program } from "../../graph/program.ts";
import { type TensorSpec, defined, sizeOf } from "../../graph/tensor.ts";
import { TfjsBuffer, download, upload } from "./buffer.ts";
import { type Results, execute } from "./execute.ts";
import type { Tf } from "./kernel.ts";

/** Of every tensor in tfjs, which knows f32 and i32 only. */
const BYTES_PER_ELEMENT = 4;

/** Settings of a tfjs backend. */
export interface TfjsBackendSettings {
  /** Name that tfjs knows its own backend by. */
  readonly registeredAs: string;
  readonly precision: WeightType;
  readonly limits: Limits;
  /** Backends that hold more, for advice when memory runs out. */
  readonly roomier: readonly string[];
}

/** Executes programs instruction by instruction with tfjs. */
export class TfjsBackend implements Backend {
  readonly name = "tfjs";
  readonly precision: WeightType;
  readonly limits: Limits;
  readonly runsAtATime = 1;
  private readonly tf: Tf;
  private readonly settings: TfjsBackendSettings;
  private readonly buffers = new Set<TfjsBuffer>();
  private peakBytes = 0;

  constructor(tf: Tf, settings: TfjsBackendSettings) {
    this.tf = tf;
    this.settings = settings;
    this.limits = settings.limits;
    this.precision = settings.precision;
  }

  /** Bytes of buffers; the peak includes the arena that the largest program's plan places beside them. */
  get memory(): MemoryUse {
    return { allocatedBytes: this.heldBytes(), peakBytes: this.peakBytes };
  }

  /** In which order tfjs sums, it does not say. */
  fewestRows(rows: number): number {
    return rows;
  }

  allocate(spec: TensorSpec, data?: HostArray): DeviceBuffer {
    const size = sizeOf(spec.shape);
    return this.within(size * BYTES_PER_ELEMENT, () => {
      const elements = data ?? repeated(0, spec.dtype, size);
      return this.adopt(new TfjsBuffer(spec, upload(this.tf, "allocate", spec, elements)));
    });
  }

  write(buffer: DeviceBuffer, data: HostArray): void {
    const own = this.own(buffer);
    this.within(data.byteLength, () => {
      own.replace(upload(this.tf, "write", own, data));
    });
  }

  read(buffer: DeviceBuffer): Promise<HostArray> {
    return settle(() => {
      this.select();
      return download(this.own(buffer).tensor, buffer.dtype);
    });
  }

  release(buffer: DeviceBuffer): void {
    const own = this.own(buffer);
    own.tensor.dispose();
    this.buffers.delete(own);
  }

  compile(program: Program): Executable {
    return {
      program,
      run: (bindings) => settle(() => this.run(program, bindings, []).outputs),
      runKeeping: <K extends string>(bindings: Bindings, keep: readonly K[]) =>
        settle((): KeptOutputs<K> => {
          checkKept(program, keep);
          const { outputs, kept } = this.run(program, bindings, keep);
          const adopted = [...kept].map(([name, buffer]): [string, DeviceBuffer] => [name, this.adopt(buffer)]);
          return { outputs, kept: Object.fromEntries(adopted) as Record<K, DeviceBuffer> };
        }),
      release: () => undefined,
    };
  }

  rest(): void {
    // tfjs holds nothing between two runs.
  }

  close(): Promise<void> {
    return settle(() => {
      for (const buffer of this.buffers) this.release(buffer);
    });
  }

  /** One synchronous stretch, so that no other run can switch tfjs's global backend half-way. */
  private run(
    program: Program,
    { times = 1, inputs = {}, variables = {} }: Bindings,
    keep: readonly string[],
  ): Results {
    const bound = Object.entries(program.variables).map(([name, id]) => {
      const buffer = variables[name];
      const planned = defined(program.values[id]);
      if (buffer === undefined) throw new BindingError(`run: variable ${name} is not bound`);
      checkBound(`variable ${name}`, planned, buffer);
      return [name, this.own(buffer)] as const;
    });
    const read = Object.entries(inputs).map(([name, data]) => {
      return [name, ArrayBuffer.isView(data) ? data : this.own(data)] as const;
    });
    const operands = { times, inputs: Object.fromEntries(read), variables: Object.fromEntries(bound) };
    this.peakBytes = Math.max(this.peakBytes, this.heldBytes() + program.arenaBytes);
    return this.within(program.arenaBytes, () => execute(this.tf, program, operands, keep));
  }

  /** Does work on tfjs's global backend that takes so many bytes. */
  private within<T>(bytes: number, work: () => T): T {
    this.select();
    try {
      return work();
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      const { memory, limits } = this;
      const { roomier } = this.settings;
      throw new OutOfMemoryError({ backend: "tfjs", bytes, memory, limits, roomier }, { cause: error });
    }
  }

  private adopt(buffer: TfjsBuffer): TfjsBuffer {
    this.buffers.add(buffer);
    this.peakBytes = Math.max(this.peakBytes, this.heldBytes());
    return buffer;
  }

  private heldBytes(): number {
    return [...this.buffers].reduce((bytes, { shape }) => bytes + sizeOf(shape) * BYTES_PER_ELEMENT, 0);
  }

  private select(): void {
    // For a backend that is registered and started, the switch happens before the promise is awaited.
    void this.tf.setBackend(this.settings.registeredAs);
  }

  private own(buffer: DeviceBuffer): TfjsBuffer {
    if (buffer instanceof TfjsBuffer && this.buffers.has(buffer)) return buffer;
    throw new BindingError(`tfjs: the buffer was released or belongs to another backend (${buffer.backend})`);
  }
}

/** V8 says by the message alone that there is no memory for an array, or that none can be so long. */
function isOutOfMemory(error: unknown): boolean {
  return error instanceof RangeError && /allocation failed|Invalid (typed )?array length/i.test(error.message);
}

/** The outcome of a synchronous function as a promise: its result, or a rejection with its error. */
function settle<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
