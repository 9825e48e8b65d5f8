import {
  type Backend,
  type Bindings,
  BindingError,
  type DeviceBuffer,
  type Executable,
  type HostArray,
} from "../../backend.ts";
import type { Program } from "../../graph/program.ts";
import { type TensorSpec, given, sizeOf } from "../../graph/tensor.ts";
import { TfjsBuffer, download, upload } from "./buffer.ts";
import { execute } from "./execute.ts";
import type { Tf } from "./kernel.ts";

const BYTES_PER_ELEMENT = 4;

/** Executes programs instruction by instruction with tfjs. */
export class TfjsBackend implements Backend {
  readonly name = "tfjs";
  readonly device: string;
  private readonly tf: Tf;
  private readonly registeredAs: string;
  private readonly buffers = new Set<TfjsBuffer>();

  constructor(tf: Tf, { registeredAs, module }: { readonly registeredAs: string; readonly module: string }) {
    this.tf = tf;
    this.registeredAs = registeredAs;
    this.device = `tfjs ${tf.version_core}, ${module}`;
  }

  get allocatedBytes(): number {
    return [...this.buffers].reduce((bytes, { shape }) => bytes + sizeOf(shape) * BYTES_PER_ELEMENT, 0);
  }

  allocate(spec: TensorSpec, data?: HostArray): DeviceBuffer {
    this.select();
    const zeros = new Float32Array(data === undefined ? sizeOf(spec.shape) : 0);
    const buffer = new TfjsBuffer(spec, upload(this.tf, "allocate", spec, data ?? zeros));
    this.buffers.add(buffer);
    return buffer;
  }

  write(buffer: DeviceBuffer, data: HostArray): void {
    this.select();
    const own = this.own(buffer);
    own.replace(upload(this.tf, "write", own, data));
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
    return { program, run: (bindings) => settle(() => this.run(program, bindings)), release: () => undefined };
  }

  close(): Promise<void> {
    return settle(() => {
      for (const buffer of this.buffers) this.release(buffer);
    });
  }

  /** One synchronous stretch, so that no other run can switch tfjs's global backend half-way. */
  private run(program: Program, { inputs = {}, variables = {} }: Bindings): Readonly<Record<string, HostArray>> {
    this.select();
    const bound = Object.entries(program.variables).map(([name, id]) => {
      const buffer = variables[name];
      const planned = given(program.values[id]);
      if (buffer === undefined) throw new BindingError(`run: variable ${name} is not bound`);
      if (buffer.dtype !== planned.dtype || sizeOf(buffer.shape) !== sizeOf(planned.shape)) {
        const [has, wants] = [buffer, planned].map(({ dtype, shape }) => `${dtype} [${shape.join(", ")}]`);
        throw new BindingError(`run: variable ${name} is planned as ${given(wants)}, got ${given(has)}`);
      }
      return [name, this.own(buffer)] as const;
    });
    return execute(this.tf, program, { inputs, variables: Object.fromEntries(bound) });
  }

  private select(): void {
    // For a backend that is registered and started, the switch happens before the promise is awaited.
    void this.tf.setBackend(this.registeredAs);
  }

  private own(buffer: DeviceBuffer): TfjsBuffer {
    if (buffer instanceof TfjsBuffer && this.buffers.has(buffer)) return buffer;
    throw new BindingError(`tfjs: the buffer was released or belongs to another backend (${buffer.backend})`);
  }
}

/** What a synchronous function returns or throws, as a promise. */
function settle<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
