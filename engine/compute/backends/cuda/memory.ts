import { type Limits, type MemoryUse, OutOfMemoryError } from "../../backend.ts";
import { type CudaDevice, DeviceMemoryError, type DevicePointer } from "./driver.ts";
import { align } from "./encode.ts";

/** Share of a card's memory that is no other program's: contexts and the display. */
const DRIVER_SHARE = 0.05;

/** Device memory as the backend counts it. */
export class DeviceMemory {
  readonly limits: Limits;
  private readonly device: CudaDevice;
  private readonly roomier: readonly string[];
  private readonly sizes = new Map<DevicePointer, number>();
  private held = 0;
  private peak = 0;

  /**
   * @param device - Where it lies.
   * @param roomier - Names of backends that hold more, for advice when there is no room.
   */
  constructor(device: CudaDevice, roomier: readonly string[]) {
    this.device = device;
    this.roomier = roomier;
    this.limits = { maxBytes: device.properties.memoryBytes };
  }

  /** Bytes given out and not returned, now and at most. */
  get use(): MemoryUse {
    return { allocatedBytes: this.held, peakBytes: this.peak };
  }

  /**
   * A place for so many bytes, with arbitrary content.
   *
   * @throws {OutOfMemoryError} when the device has no room for them.
   */
  allocate(bytes: number): DevicePointer {
    const size = align(Math.max(bytes, 1));
    const address = this.take(size, bytes);
    this.sizes.set(address, size);
    this.held += size;
    this.peak = Math.max(this.peak, this.held);
    return address;
  }

  release(address: DevicePointer): void {
    this.held -= this.sizes.get(address) ?? 0;
    this.sizes.delete(address);
    this.device.free(address);
  }

  private take(size: number, bytes: number): DevicePointer {
    const { limits, roomier, use: memory } = this;
    try {
      if (size > (limits.maxBytes ?? Infinity)) throw new DeviceMemoryError(size);
      return this.device.allocate(size);
    } catch (error) {
      if (!(error instanceof DeviceMemoryError)) throw error;
      const others = this.othersBytes();
      const shortage = { backend: "cuda", bytes, memory, limits, roomier };
      throw new OutOfMemoryError({ ...shortage, ...(others > 0 && { othersBytes: others }) }, { cause: error });
    }
  }

  /**
   * Memory that other programs hold, as far as the driver shows: what this one has given back stays with it, up to the most that it
   * ever held. 0 where it is no more than what a driver takes for itself.
   */
  private othersBytes(): number {
    const { memoryBytes } = this.device.properties;
    const others = memoryBytes - this.device.freeBytes() - this.peak;
    return others > memoryBytes * DRIVER_SHARE ? others : 0;
  }
}
