import type { Program } from "./graph/program.ts";
import type { TensorSpec } from "./graph/tensor.ts";

/** Host side of a tensor: row-major elements. */
export type HostArray = Float32Array | Int32Array;

/** Memory held on a backend's device: a parameter, an optimizer moment, a cache. */
export interface DeviceBuffer extends TensorSpec {
  readonly backend: string;
}

/** What a run reads: host arrays for the program's inputs, device buffers for its variables. */
export interface Bindings {
  readonly inputs?: Readonly<Record<string, HostArray>>;
  readonly variables?: Readonly<Record<string, DeviceBuffer>>;
}

/** A program made ready for a device. */
export interface Executable {
  readonly program: Program;
  /**
   * Runs the program once; variables it updates change in place.
   * @returns The program's outputs, copied to the host.
   * @throws {BindingError} when an input or variable is missing or has another size than planned.
   */
  run(bindings: Bindings): Promise<Readonly<Record<string, HostArray>>>;
  release(): void;
}

/** A device that executes programs. The same program on the same device gives the same bytes every time. */
export interface Backend {
  readonly name: string;
  /** What the work runs on, for people: "wasm, 2 threads". */
  readonly device: string;
  /** Device memory now held, in bytes. */
  readonly allocatedBytes: number;
  allocate(spec: TensorSpec, data?: HostArray): DeviceBuffer;
  write(buffer: DeviceBuffer, data: HostArray): void;
  read(buffer: DeviceBuffer): Promise<HostArray>;
  release(buffer: DeviceBuffer): void;
  compile(program: Program): Executable;
  close(): Promise<void>;
}

/** A run whose inputs or variables do not match its program. */
export class BindingError extends Error {
  override readonly name = "BindingError";
}

/** Device memory that could not be had. */
export class OutOfMemoryError extends Error {
  override readonly name = "OutOfMemoryError";
}
