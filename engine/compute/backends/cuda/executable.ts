import {
  type Bindings,
  BindingError,
  type DeviceBuffer,
  type Executable,
  type HostArray,
  type KeptOutputs,
  checkBound,
  checkHostData,
  checkKept,
} from "../../backend.ts";
import { repeated } from "../../graph/dtype.ts";
import { type Program, type Value, changedVariables } from "../../graph/program.ts";
import { type TensorSpec, bytesOf, defined, sizeOf } from "../../graph/tensor.ts";
import type { Arena } from "../arena.ts";
import { keptOutputs } from "../kept.ts";
import { type CudaBuffer, download, upload } from "./buffer.ts";
import type { ProductLibrary } from "./cublas/library.ts";
import { LibrarySteps } from "./cublas/steps.ts";
import type { Argument, CudaDevice, CudaGraph, DevicePointer } from "./driver.ts";
import { type Encoded, align, encode } from "./encode.ts";
import type { Kernels } from "./kernels.ts";
import type { Address, KernelLaunch, LaunchArgument, TableWord } from "./launch.ts";
import type { DeviceMemory } from "./memory.ts";

/** Words in which kernels note the first index out of range. */
export const FAULT_WORDS = 4;

/** Services that executables need from their backend. */
export interface Owner {
  readonly device: CudaDevice;
  readonly heap: DeviceMemory;
  readonly arena: Arena<DevicePointer>;
  readonly kernels: Kernels;
  /** For matrix products; our own kernels make them where there is none. */
  readonly products: ProductLibrary | undefined;
  /** Where kernels note the first index out of range. */
  readonly fault: DevicePointer;
  /** Logits that ops over the vocabulary hold at a time. */
  readonly logitsHeld: number;
  /** @throws {BindingError} when the buffer was released or is another backend's. */
  own(buffer: DeviceBuffer): CudaBuffer;
  allocate(spec: TensorSpec, data?: HostArray): DeviceBuffer;
  /** A buffer like that of `allocate`, with arbitrary content. */
  reserve(spec: TensorSpec): CudaBuffer;
  release(buffer: DeviceBuffer): void;
  /** Lets what is queued from here on wait for copies of what is there under way. */
  beforeChange(addresses: Iterable<DevicePointer>): void;
}

/** Outputs on their way to the host: copies on the device, so that the next run may begin. */
interface Leaving {
  readonly staging: DevicePointer;
  /** Where each lies in the staging area; nowhere if it is a constant. */
  readonly outputs: readonly (readonly [name: string, spec: Value, place: DevicePointer | undefined])[];
}

/**
 * A program as a graph of launches, ready to run. All that a run does is queued at once, in the order of the calls; only
 * the outputs are waited for.
 */
export class CudaExecutable implements Executable {
  readonly program: Program;
  private readonly owner: Owner;
  private readonly encoded: Encoded;
  /** Share of the arena, with the library's workspace at its end. */
  private readonly arenaBytes: number;
  /** The table, then the constants; none where the program has neither. */
  private readonly own: DevicePointer;
  private readonly changed: ReadonlySet<string>;
  private released = false;
  /** Captured with the addresses in `bound`: the arena's and each variable's. */
  private graph: CudaGraph | undefined;
  private bound: readonly DevicePointer[] = [];
  private readonly library: LibrarySteps | undefined;

  constructor(owner: Owner, program: Program) {
    this.program = program;
    this.owner = owner;
    this.encoded = encode(program, owner.logitsHeld);
    this.changed = changedVariables(program);
    const { table, fills, constantBytes, arenaBytes, hasProducts } = this.encoded;
    const { products } = owner;
    this.library = products && new LibrarySteps(products);
    this.arenaBytes = products && hasProducts ? align(arenaBytes) + products.workspaceBytes : arenaBytes;
    const bytes = tableBytes(table) + constantBytes;
    this.own = bytes === 0 ? 0n : owner.heap.allocate(bytes);
    try {
      owner.arena.reserve(this.arenaBytes);
    } catch (error) {
      if (bytes > 0) owner.heap.release(this.own);
      throw error;
    }
    const constants = this.own + BigInt(tableBytes(table));
    for (const { offset, word, count } of fills) owner.device.fill(constants + BigInt(offset), word, count);
  }

  async run(bindings: Bindings): Promise<Readonly<Record<string, HostArray>>> {
    return (await this.runKeeping(bindings, [])).outputs;
  }

  async runKeeping<K extends string>(bindings: Bindings, keep: readonly K[]): Promise<KeptOutputs<K>> {
    checkKept(this.program, keep);
    const addresses = this.queue(bindings);
    const kept = this.kept(keep, addresses);
    try {
      const outputs = await this.arrive(this.leave(keep, addresses));
      return { outputs, kept };
    } catch (error) {
      for (const buffer of Object.values<DeviceBuffer>(kept)) this.owner.release(buffer);
      throw error;
    }
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.graph?.release();
    this.owner.arena.release(this.arenaBytes);
    if (this.own !== 0n) this.owner.heap.release(this.own);
  }

  /** Queues the inputs' copies and the launches; returns where each variable lies. */
  private queue({ times = 1, inputs = {}, variables = {} }: Bindings): ReadonlyMap<string, DevicePointer> {
    if (this.released) throw new BindingError("run: the program was released");
    const { device } = this.owner;
    const addresses = this.variableAddresses(variables);
    this.owner.arena.fit(this.arenaBytes);
    const copies = Object.entries(this.program.inputs).map(([name, id]) => {
      const data = inputs[name];
      if (data === undefined) throw new BindingError(`run: input ${name} is not bound`);
      const [place, planned] = [this.addressOf(id, addresses), this.value(id)];
      if (ArrayBuffer.isView(data)) {
        checkHostData(`run: input ${name}`, planned, data);
        return () => upload(device, place, data);
      }
      checkBound(`input ${name}`, planned, data);
      const { address } = this.owner.own(data);
      return () => device.copy(place, address, bytesOf(planned));
    });
    const graph = this.captured(addresses);
    this.owner.beforeChange([...addresses].flatMap(([name, address]) => (this.changed.has(name) ? [address] : [])));
    for (let run = 0; run < times; run++) {
      for (const copy of copies) copy();
      device.replay(graph);
    }
    return addresses;
  }

  private variableAddresses(variables: Readonly<Record<string, DeviceBuffer>>): ReadonlyMap<string, DevicePointer> {
    const addresses = new Map<string, DevicePointer>();
    for (const [name, id] of Object.entries(this.program.variables)) {
      const buffer = variables[name];
      if (buffer === undefined) throw new BindingError(`run: variable ${name} is not bound`);
      const own = this.owner.own(buffer);
      checkBound(`variable ${name}`, this.value(id), own);
      addresses.set(name, own.address);
    }
    return addresses;
  }

  /** The graph for the addresses: the last one, where they have not changed. */
  private captured(addresses: ReadonlyMap<string, DevicePointer>): CudaGraph {
    const { device, arena } = this.owner;
    const bound = [arena.address, ...addresses.values()];
    const isBound = bound.length === this.bound.length && bound.every((address, at) => address === this.bound[at]);
    if (this.graph !== undefined && isBound) return this.graph;
    this.graph?.release();
    this.graph = undefined;
    const { table, launches } = this.encoded;
    if (table.length > 0) device.copyToDevice(this.own, this.tableWords(addresses));
    // Prepared before the capture, which allows nothing but launches.
    const resolve = (address: Address): DevicePointer => this.resolve(address, addresses);
    const workspace = arena.address + BigInt(align(this.encoded.arenaBytes));
    const steps: (() => void)[] = [];
    let isMade = false;
    for (const launch of launches) {
      if (launch.endsProduct === true && isMade) continue;
      const step = this.library?.prepare(launch, resolve, workspace);
      isMade = step !== undefined;
      steps.push(step ?? this.byKernel(launch, addresses));
    }
    this.graph = device.capture(() => {
      for (const step of steps) step();
    });
    this.bound = bound;
    return this.graph;
  }

  /** Queues a kernel, once it is called. */
  private byKernel(launch: KernelLaunch, addresses: ReadonlyMap<string, DevicePointer>): () => void {
    const { device, kernels } = this.owner;
    const kernel = kernels.get(launch);
    const { grid, threads, sharedBytes = 0 } = launch;
    const args = launch.args.map((arg) => this.argument(arg, addresses));
    return () => device.launch(kernel, { grid, block: [threads, 1, 1], sharedBytes, args });
  }

  private tableWords(addresses: ReadonlyMap<string, DevicePointer>): Uint8Array {
    const view = new DataView(new ArrayBuffer(this.encoded.table.length * 8));
    for (const [index, word] of this.encoded.table.entries()) {
      const at = index * 8;
      if (word === null) view.setBigUint64(at, 0n, true);
      else if ("f64" in word) view.setFloat64(at, word.f64, true);
      else view.setBigUint64(at, "u64" in word ? BigInt(word.u64) : this.resolve(word, addresses), true);
    }
    return new Uint8Array(view.buffer);
  }

  private argument(arg: LaunchArgument, addresses: ReadonlyMap<string, DevicePointer>): Argument {
    if (arg === null) return { type: "pointer", value: 0n };
    return "place" in arg ? { type: "pointer", value: this.resolve(arg, addresses) } : arg;
  }

  private resolve({ place, offset }: Address, addresses: ReadonlyMap<string, DevicePointer>): DevicePointer {
    return this.baseOf(place, addresses) + BigInt(offset);
  }

  private baseOf(place: Address["place"], addresses: ReadonlyMap<string, DevicePointer>): DevicePointer {
    if (typeof place === "object") return defined(addresses.get(place.variable));
    switch (place) {
      case "arena":
        return this.owner.arena.address;
      case "table":
        return this.own;
      case "constants":
        return this.own + BigInt(tableBytes(this.encoded.table));
      case "fault":
        return this.owner.fault;
    }
  }

  private value(id: number): Value {
    return defined(this.program.values[id]);
  }

  private addressOf(id: number, addresses: ReadonlyMap<string, DevicePointer>): DevicePointer {
    const buffer = defined(this.program.buffers[this.value(id).buffer]);
    if (buffer.kind === "arena") return this.owner.arena.address + BigInt(buffer.offset);
    if (buffer.kind === "variable") return defined(addresses.get(buffer.name));
    throw new TypeError("cuda: a constant has no address of its own");
  }

  private isConstant(id: number): boolean {
    return defined(this.program.buffers[this.value(id).buffer]).kind === "constant";
  }

  private kept<K extends string>(
    keep: readonly K[],
    addresses: ReadonlyMap<string, DevicePointer>,
  ): Readonly<Record<K, DeviceBuffer>> {
    const make = (name: K): DeviceBuffer => this.keptOutput(defined(this.program.outputs[name]), addresses);
    return keptOutputs(keep, make, (buffer) => this.owner.release(buffer));
  }

  private keptOutput(id: number, addresses: ReadonlyMap<string, DevicePointer>): DeviceBuffer {
    const { shape, dtype } = this.value(id);
    if (this.isConstant(id)) return this.owner.allocate({ shape, dtype }, constantOf(this.program, this.value(id)));
    const kept = this.owner.reserve({ shape, dtype });
    this.owner.device.copy(kept.address, this.addressOf(id, addresses), bytesOf(kept));
    return kept;
  }

  /** Queues copies of the fault's words and of the outputs that are not kept; then clears the words. */
  private leave(keep: readonly string[], addresses: ReadonlyMap<string, DevicePointer>): Leaving {
    const { device, heap, fault } = this.owner;
    const leaving = Object.entries(this.program.outputs).filter(([name]) => !keep.includes(name));
    let bytes = align(FAULT_WORDS * 4);
    const offsets = leaving.map(([, id]) => {
      const offset = bytes;
      if (!this.isConstant(id)) bytes += align(bytesOf(this.value(id)));
      return offset;
    });
    const staging = heap.allocate(bytes);
    device.copy(staging, fault, FAULT_WORDS * 4);
    device.fill(fault, 0, FAULT_WORDS);
    const outputs = leaving.map(([name, id], index) => {
      const spec = this.value(id);
      if (this.isConstant(id)) return [name, spec, undefined] as const;
      const place = staging + BigInt(defined(offsets[index]));
      device.copy(place, this.addressOf(id, addresses), bytesOf(spec));
      return [name, spec, place] as const;
    });
    return { staging, outputs };
  }

  /** Waits for the copies and brings them to the host. */
  private async arrive({ staging, outputs }: Leaving): Promise<Readonly<Record<string, HostArray>>> {
    const { device, heap } = this.owner;
    try {
      await device.finish();
      checkFault(this.program, download(device, staging, { shape: [FAULT_WORDS], dtype: "i32" }));
      const arrived = outputs.map(([name, spec, place]) => {
        const data = place === undefined ? constantOf(this.program, spec) : download(device, place, spec);
        return [name, data] as const;
      });
      return Object.fromEntries(arrived);
    } finally {
      heap.release(staging);
    }
  }
}

const tableBytes = (table: readonly TableWord[]): number => align(table.length * 8);

/** The elements of a constant that is an output. */
function constantOf({ buffers }: Program, { shape, buffer: index }: Value): HostArray {
  const buffer = defined(buffers[index]);
  if (buffer.kind !== "constant") throw new TypeError("cuda: not a constant");
  return repeated(buffer.value, buffer.dtype, sizeOf(shape));
}

/** @throws {BindingError} when a kernel has noted an index out of range. */
function checkFault({ instructions }: Program, [instruction = 0, index = 0, limit = 0]: HostArray): void {
  if (instruction === 0) return;
  const { op } = defined(instructions[instruction - 1]);
  throw new BindingError(`run: ${op} was given index ${index}, which is not in [0, ${limit})`);
}
