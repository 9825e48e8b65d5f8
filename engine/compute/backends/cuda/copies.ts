import { BindingError, type DeviceBuffer, type HostArray, type HostCopies } from "../../backend.ts";
import { DTYPES } from "../../graph/dtype.ts";
import { bytesOf, defined, sizeOf } from "../../graph/tensor.ts";
import type { CudaBuffer } from "./buffer.ts";
import {
  type CopyQueue,
  type CudaDevice,
  type CudaEvent,
  DeviceLostError,
  type DevicePointer,
  DriverError,
  type HostMemory,
} from "./driver.ts";

/** Services that copies need from their backend. */
interface Owner {
  readonly device: CudaDevice;
  own(buffer: DeviceBuffer): CudaBuffer;
}

/** Copies under way: where they are copied from, and the mark behind them. */
interface UnderWay {
  readonly from: ReadonlySet<DevicePointer>;
  readonly end: CudaEvent;
}

/**
 * Copies in pinned memory, by a queue beside the programs'. It waits for what has run before; and before one of the buffers
 * is changed, the programs' queue waits for it: on the card, not here. Memory of a copy is kept for the next one.
 */
export class CudaCopies implements HostCopies {
  hindrance: string | undefined;
  private readonly owner: Owner;
  private readonly queue: CopyQueue;
  private readonly released: () => void;
  private places = new Map<DeviceBuffer, HostMemory>();
  private underWay: UnderWay | undefined;
  private arrival: Promise<void> | undefined;
  private isReleased = false;

  /** `released` is called when all is given back. */
  constructor(owner: Owner, released: () => void) {
    this.owner = owner;
    this.released = released;
    this.queue = owner.device.openCopyQueue();
  }

  take(buffers: readonly DeviceBuffer[]): void {
    this.settle();
    const { device } = this.owner;
    const sources = buffers.map((buffer) => this.owner.own(buffer));
    this.makeRoom(sources);
    const begin = device.record();
    this.queue.wait(begin);
    begin.release();
    for (const source of sources) this.queue.copyToHost(defined(this.places.get(source)).bytes, source.address);
    this.underWay = { from: new Set(sources.map(({ address }) => address)), end: this.queue.record() };
    this.arrival = undefined;
  }

  async read(buffer: DeviceBuffer): Promise<HostArray> {
    const { shape, dtype } = buffer;
    const place = this.places.get(buffer);
    if (place === undefined) throw new BindingError(`cuda: there is no copy of that buffer [${shape.join(", ")}]`);
    await (this.arrival ??= this.queue.finish());
    const { buffer: memory, byteOffset } = place.bytes;
    return new DTYPES[dtype].array(memory, byteOffset, sizeOf(shape));
  }

  /** Lets what is queued from here on wait for the copies, where they are copied from one of the addresses. */
  beforeChange(addresses: Iterable<DevicePointer>): void {
    const { underWay } = this;
    if (underWay === undefined || !Array.from(addresses).some((address) => underWay.from.has(address))) return;
    this.settle();
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.underWay?.end.release();
    this.underWay = undefined;
    this.queue.close();
    for (const place of this.places.values()) place.release();
    this.places.clear();
    this.released();
  }

  /** Lets all that is queued from here on wait for the copies under way. */
  private settle(): void {
    if (this.underWay === undefined) return;
    this.owner.device.wait(this.underWay.end);
    this.underWay.end.release();
    this.underWay = undefined;
  }

  /** Memory for the copies; that of buffers which are copied again is there. */
  private makeRoom(sources: readonly CudaBuffer[]): void {
    const before = this.places;
    this.places = new Map();
    for (const source of sources) {
      const known = before.get(source);
      before.delete(source);
      if (known !== undefined) this.places.set(source, known);
    }
    for (const place of before.values()) place.release();
    for (const source of sources) if (!this.places.has(source)) this.places.set(source, this.allocate(bytesOf(source)));
  }

  /** Pinned memory, or any where the driver gives none: copies to that hold the caller up. */
  private allocate(bytes: number): HostMemory {
    if (this.hindrance === undefined) {
      try {
        return this.owner.device.allocateHost(bytes);
      } catch (error) {
        if (!(error instanceof DriverError) || error instanceof DeviceLostError) throw error;
        this.hindrance = error.message;
      }
    }
    return { bytes: new Uint8Array(bytes), release: () => undefined };
  }
}
