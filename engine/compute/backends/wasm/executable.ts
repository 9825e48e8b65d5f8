import {
  type Bindings,
  BindingError,
  type DeviceBuffer,
  type Executable,
  type HostArray,
  type KeptOutputs,
  checkBound,
  checkKept,
} from "../../backend.ts";
import { repeated } from "../../graph/dtype.ts";
import type { Program } from "../../graph/program.ts";
import { type TensorSpec, defined, sizeOf } from "../../graph/tensor.ts";
import type { Arena } from "../arena.ts";
import { keptOutputs } from "../kept.ts";
import { type WasmBuffer, download, upload } from "./buffer.ts";
import { type Encoded, encode } from "./encode.ts";
import type { Heap } from "./heap.ts";
import { FAULT, align } from "./layout.ts";
import type { Threads } from "./threads.ts";

/** Services that executables need from their backend. */
export interface ExecutableServices {
  readonly threads: Threads;
  readonly heap: Heap;
  readonly arena: Arena<number>;
  /** @throws {BindingError} when the buffer was released or is another backend's. */
  own(buffer: DeviceBuffer): WasmBuffer;
  allocate(spec: TensorSpec, data?: HostArray): DeviceBuffer;
  /** A buffer like that of `allocate`, with arbitrary content. */
  reserve(spec: TensorSpec): WasmBuffer;
  release(buffer: DeviceBuffer): void;
}

/**
 * A program, encoded and ready to run. It lies in the arena, behind its intermediate values, and is put there again where
 * another has run meanwhile: in a place of its own it would part the memory that buffers and arena take in turns.
 */
export class WasmExecutable implements Executable {
  readonly program: Program;
  private readonly device: ExecutableServices;
  private readonly encoded: Encoded;
  private released = false;
  /** The variables' addresses last written into the instructions. */
  private bound: readonly number[] = [];

  constructor(device: ExecutableServices, program: Program) {
    this.program = program;
    this.device = device;
    this.encoded = encode(program);
    device.arena.reserve(this.bytes);
  }

  async run(bindings: Bindings): Promise<Readonly<Record<string, HostArray>>> {
    return (await this.runKeeping(bindings, [])).outputs;
  }

  runKeeping<K extends string>(bindings: Bindings, keep: readonly K[]): Promise<KeptOutputs<K>> {
    return new Promise((resolve) => {
      checkKept(this.program, keep);
      const addresses = this.runNow(bindings);
      const copied = Object.entries(this.program.outputs).filter(([name]) => !keep.some((kept) => kept === name));
      const outputs = Object.fromEntries(copied.map(([name, id]) => [name, this.output(id, addresses)]));
      resolve({ outputs, kept: this.kept(keep, addresses) });
    });
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.device.arena.release(this.bytes);
  }

  private get bytes(): number {
    return align(this.encoded.arenaBytes) + this.encoded.words.byteLength;
  }

  /** Where its instructions are. */
  private get address(): number {
    return this.device.arena.address + align(this.encoded.arenaBytes);
  }

  /** @returns Where each variable lies. */
  private runNow({ times = 1, inputs = {}, variables = {} }: Bindings): ReadonlyMap<string, number> {
    if (this.released) throw new BindingError("run: the program was released");
    const { threads } = this.device;
    const addresses = this.variableAddresses(variables);
    this.patch(addresses);
    for (let run = 0; run < times; run++) {
      this.bringInputs(inputs, addresses);
      threads.run(this.address);
      this.checkFault();
    }
    return addresses;
  }

  private bringInputs(inputs: NonNullable<Bindings["inputs"]>, addresses: ReadonlyMap<string, number>): void {
    const { threads } = this.device;
    for (const [name, id] of Object.entries(this.program.inputs)) {
      const data = inputs[name];
      if (data === undefined) throw new BindingError(`run: input ${name} is not bound`);
      const [place, planned] = [this.addressOf(id, addresses), defined(this.program.values[id])];
      if (ArrayBuffer.isView(data)) upload(threads.memory, place, planned, data, `run: input ${name}`);
      else {
        checkBound(`input ${name}`, planned, data);
        this.copy(this.device.own(data).address, place, id);
      }
    }
  }

  private kept<K extends string>(
    keep: readonly K[],
    addresses: ReadonlyMap<string, number>,
  ): Readonly<Record<K, DeviceBuffer>> {
    const make = (name: K): DeviceBuffer => this.keptOutput(defined(this.program.outputs[name]), addresses);
    return keptOutputs(keep, make, (buffer) => this.device.release(buffer));
  }

  private keptOutput(id: number, addresses: ReadonlyMap<string, number>): DeviceBuffer {
    const { shape, dtype, buffer } = defined(this.program.values[id]);
    if (defined(this.program.buffers[buffer]).kind === "constant") {
      return this.device.allocate({ shape, dtype }, this.output(id, addresses));
    }
    const kept = this.device.reserve({ shape, dtype });
    this.copy(this.addressOf(id, addresses), kept.address, id);
    return kept;
  }

  /** Copies a value's bytes within the memory. */
  private copy(from: number, to: number, id: number): void {
    const { bytes } = defined(this.program.buffers[defined(this.program.values[id]).buffer]);
    new Uint8Array(this.device.threads.memory.buffer).copyWithin(to, from, from + bytes);
  }

  private variableAddresses(variables: Readonly<Record<string, DeviceBuffer>>): ReadonlyMap<string, number> {
    const addresses = new Map<string, number>();
    for (const [name, id] of Object.entries(this.program.variables)) {
      const buffer = variables[name];
      const planned = defined(this.program.values[id]);
      if (buffer === undefined) throw new BindingError(`run: variable ${name} is not bound`);
      const own = this.device.own(buffer);
      checkBound(`variable ${name}`, planned, own);
      addresses.set(name, own.address);
    }
    return addresses;
  }

  /** Puts the instructions in their place, with the addresses, unless they are there from the last run. */
  private patch(addresses: ReadonlyMap<string, number>): void {
    const { arena, threads } = this.device;
    arena.fit(this.bytes);
    const bound = [...addresses.values()];
    const isThere = arena.tenant === this;
    if (isThere && bound.every((address, index) => address === this.bound[index])) return;
    this.checkWritten(addresses);
    const { words, relocations } = this.encoded;
    const stream = new Int32Array(threads.memory.buffer, this.address, words.length);
    if (!isThere) stream.set(words);
    arena.tenant = this;
    for (const { place, offset, word } of relocations) {
      // Above 2 GiB, an address is a negative word.
      stream[word] = (this.baseOf(place, addresses) + offset) | 0;
    }
    this.bound = bound;
  }

  /** Threads run ahead of each other: nothing may read, under a second name, a buffer that the program writes. */
  private checkWritten(addresses: ReadonlyMap<string, number>): void {
    for (const name of this.encoded.written) {
      const twin = [...addresses].find(([other, address]) => other !== name && address === addresses.get(name));
      if (twin !== undefined) {
        throw new BindingError(`run: variable ${name} is overwritten, but ${twin[0]} is bound to the same buffer`);
      }
    }
  }

  private baseOf(place: Encoded["relocations"][number]["place"], addresses: ReadonlyMap<string, number>): number {
    if (place === "arena") return this.device.arena.address;
    return place === "own" ? this.address : defined(addresses.get(place.variable));
  }

  private addressOf(id: number, addresses: ReadonlyMap<string, number>): number {
    const buffer = defined(this.program.buffers[defined(this.program.values[id]).buffer]);
    if (buffer.kind === "arena") return this.device.arena.address + buffer.offset;
    if (buffer.kind === "variable") return defined(addresses.get(buffer.name));
    throw new TypeError("wasm: a constant has no address of its own");
  }

  private output(id: number, addresses: ReadonlyMap<string, number>): HostArray {
    const spec = defined(this.program.values[id]);
    const buffer = defined(this.program.buffers[spec.buffer]);
    if (buffer.kind === "constant") {
      return repeated(buffer.value, buffer.dtype, sizeOf(spec.shape));
    }
    return download(this.device.threads.memory, this.addressOf(id, addresses), spec);
  }

  private checkFault(): void {
    const words = new Int32Array(this.device.threads.memory.buffer, FAULT, 3);
    const [at, value, limit] = words;
    if (at === undefined || at === 0) return;
    words[0] = 0;
    const word = ((at >>> 0) - this.address) / 4;
    const op = defined(this.program.instructions[this.encoded.starts.indexOf(word)]).op;
    throw new BindingError(`run: ${op} was given index ${defined(value)}, which is not in [0, ${defined(limit)})`);
  }
}
