import { type HostArray, type WeightType, dtypeOf } from "./graph/dtype.ts";
import type { Program } from "./graph/program.ts";
import { type TensorSpec, sizeOf } from "./graph/tensor.ts";

export { type HostArray } from "./graph/dtype.ts";

/** Memory held on a backend's device: a parameter, an optimizer moment, a cache. */
export interface DeviceBuffer extends TensorSpec {
  readonly backend: string;
}

/** Data of a run: host arrays or device buffers for the program's inputs, device buffers for its variables. */
export interface Bindings {
  /**
   * How often the program runs, one run right after the other, each with the inputs as they are given; 1 unless given.
   * What is returned is of the last.
   */
  readonly times?: number;
  readonly inputs?: Readonly<Record<string, HostArray | DeviceBuffer>>;
  readonly variables?: Readonly<Record<string, DeviceBuffer>>;
}

/** Outputs of a run, some of them on the device: those in `kept`, to be released by the caller. */
export interface KeptOutputs<K extends string> {
  /** The other outputs, copied to the host. */
  readonly outputs: Readonly<Record<string, HostArray>>;
  readonly kept: Readonly<Record<K, DeviceBuffer>>;
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
  /**
   * Runs the program once and leaves the outputs named in `keep` on the device, for another program to read as inputs
   * or variables.
   *
   * @throws {BindingError} like `run`, and when the program has no output of a name.
   */
  runKeeping<K extends string>(bindings: Bindings, keep: readonly K[]): Promise<KeptOutputs<K>>;
  release(): void;
}

/** How much a backend can hold and use. */
export interface Limits {
  /** Bytes that buffers and programs take together at most; absent where only the device's own memory bounds them. */
  readonly maxBytes?: number;
  /** Absent where the backend has no threads of its own. */
  readonly maxThreads?: number;
}

/** Device memory of a backend, in bytes. */
export interface MemoryUse {
  /** Held now. */
  readonly allocatedBytes: number;
  /** The most that was held at a time since the backend was opened. */
  readonly peakBytes: number;
}

/** How a device is used, by all programs on it. */
export interface DeviceUse {
  /** Memory that nobody holds, in bytes. */
  readonly freeBytes: number;
  /** Share of the time lately, 0 to 1, in which it computed; absent where it does not say. */
  readonly busy?: number;
  /** Power that it draws. */
  readonly watts?: number;
}

/** Copies of buffers on the host, made while programs run. */
export interface HostCopies {
  /** Why programs wait while they are made, after all: for people, without a full stop. Known after the first `take`. */
  readonly hindrance: string | undefined;
  /**
   * Begins to copy buffers as all that was run before leaves them; a program that changes one waits until it is copied.
   * They take the place of the copies before.
   */
  take(buffers: readonly DeviceBuffer[]): void;
  /** A buffer's copy, once it has arrived; others' with the next `take`, and gone with `release`. */
  read(buffer: DeviceBuffer): Promise<HostArray>;
  release(): void;
}

/** A device that executes programs. The same program on the same device gives the same bytes every time. */
export interface Backend {
  readonly name: string;
  /** Precision that models compute with: the type of their activations and of the matrices among their weights. */
  readonly precision: WeightType;
  readonly limits: Limits;
  readonly memory: MemoryUse;
  /** Fewest rows of a program in which a row's numbers are, to the byte, those in a program of so many rows. */
  fewestRows(rows: number): number;
  /**
   * Runs that had better be asked for at a time, even where the first may turn out to have been the last that was needed:
   * 1 where to wait for a run costs no more than to go on.
   */
  readonly runsAtATime: number;
  /** Left out by backends that compute in this process. */
  use?(): DeviceUse;
  allocate(spec: TensorSpec, data?: HostArray): DeviceBuffer;
  write(buffer: DeviceBuffer, data: HostArray): void;
  read(buffer: DeviceBuffer): Promise<HostArray>;
  /** Left out by backends whose programs hold the thread: nobody would write the copies meanwhile. */
  copies?(): HostCopies;
  release(buffer: DeviceBuffer): void;
  compile(program: Program): Executable;
  /** Gives up the working memory of programs until one runs again, so that buffers may lie there meanwhile. */
  rest(): void;
  close(): Promise<void>;
}

/** A run whose inputs or variables do not match its program. */
export class BindingError extends Error {
  override readonly name = "BindingError";
}

/**
 * Checks that host data has the length and element type of a tensor.
 *
 * @param what - The receiver's name in the message.
 * @throws {BindingError} when the data has another length or element type.
 */
export function checkHostData(what: string, { shape, dtype }: TensorSpec, data: HostArray): void {
  const size = sizeOf(shape);
  const type = dtypeOf(data);
  if (data.length === size && type === dtype) return;
  throw new BindingError(
    `${what}: ${dtype} [${shape.join(", ")}] takes ${size} elements, got ${data.length} of ${type}`,
  );
}

/**
 * Checks that a buffer bound to a program is of the kind that was planned.
 *
 * @param what - The buffer's name in the message: "variable w".
 * @throws {BindingError} when it has another size or element type.
 */
export function checkBound(what: string, planned: TensorSpec, buffer: DeviceBuffer): void {
  if (buffer.dtype === planned.dtype && sizeOf(buffer.shape) === sizeOf(planned.shape)) return;
  const text = ({ dtype, shape }: TensorSpec): string => `${dtype} [${shape.join(", ")}]`;
  throw new BindingError(`run: ${what} is planned as ${text(planned)}, got ${text(buffer)}`);
}

/**
 * Checks that a program has the outputs that are to be kept.
 * @throws {BindingError} naming the first that it lacks.
 */
export function checkKept({ outputs }: Program, keep: readonly string[]): void {
  const unknown = keep.find((name) => !(name in outputs));
  if (unknown === undefined) return;
  throw new BindingError(`run: there is no output ${unknown} to keep; there are ${Object.keys(outputs).join(", ")}`);
}

/** A failed allocation of device memory. */
export interface Shortage {
  readonly backend: string;
  /** Requested, in bytes. */
  readonly bytes: number;
  readonly memory: MemoryUse;
  readonly limits: Limits;
  /** Of the device's memory, what other programs hold; absent where that is nothing, or not known. */
  readonly othersBytes?: number;
  /** Backends that hold more, by their names. */
  readonly roomier: readonly string[];
}

/** A failed allocation of device memory; the message says what to do. */
export class OutOfMemoryError extends Error {
  override readonly name = "OutOfMemoryError";
  readonly shortage: Shortage;

  /** The remedy is what to change, where more is known of it. */
  constructor(
    shortage: Shortage,
    { remedy = "use a smaller batch or model", ...options }: ErrorOptions & { readonly remedy?: string } = {},
  ) {
    const { backend, bytes, memory, limits, othersBytes, roomier } = shortage;
    const most = limits.maxBytes === undefined ? "" : ` of at most ${mebibytes(limits.maxBytes)}`;
    const other = roomier.length === 0 ? "" : `, or runtime.backend ${roomier.join(" or ")}, which holds more`;
    super(
      `${backend}: no room for ${mebibytes(bytes)}: ${mebibytes(memory.allocatedBytes)}${most} are in use` +
        `${othersBytes === undefined ? "" : `, and other programs hold ${mebibytes(othersBytes)}`}; ` +
        `${remedy}${other}`,
      options,
    );
    this.shortage = shortage;
  }
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
