import type { Backend } from "../compute/backend.ts";
import type { BackendChoice } from "../compute/backends/choose.ts";
import { queueOf } from "../compute/backends/devices.ts";
import { openChoice } from "./backends.ts";
import { Stopped } from "./stage.ts";

/** The right to compute on a device. */
export interface DeviceTurn {
  release(): Promise<void>;
}

/**
 * Waits until a device is free for this run.
 *
 * @param device - Name of the device's queue.
 * @param waiting - Called whenever the number of runs that come before changes.
 */
export type TakeTurn = (device: string, waiting: (ahead: number) => void) => Promise<DeviceTurn>;

/** The backend of a lease, and how to wait for its device. */
export interface DeviceLeaseSettings {
  readonly choice: BackendChoice;
  /** Threads on the processor; 0 takes one per core. */
  readonly threads: number;
  /** Absent where runs do not queue. */
  readonly turn: TakeTurn | undefined;
  readonly signal: AbortSignal;
  /** Called whenever the number of runs that come before changes. */
  readonly waiting: (ahead: number) => void;
}

/**
 * Leases on all devices of a choice. Waited for in the order of their queues, so that no two runs hold what the other waits
 * for.
 */
export class DeviceLeases {
  readonly all: readonly DeviceLease[];
  private readonly inOrder: readonly DeviceLease[];

  constructor(settings: DeviceLeaseSettings) {
    const { choice } = settings;
    const leases = choice.devices.map((device) => ({
      queue: queueOf(device),
      lease: new DeviceLease({ ...settings, choice: { ...choice, device } }),
    }));
    this.all = leases.map(({ lease }) => lease);
    this.inOrder = leases.toSorted((a, b) => (a.queue < b.queue ? -1 : 1)).map(({ lease }) => lease);
  }

  /**
   * Waits for all devices.
   * @throws {Stopped} when the run is stopped meanwhile.
   */
  async wait(): Promise<void> {
    for (const lease of this.inOrder) await lease.wait();
  }

  /** Closes all, whatever becomes of some. */
  async close(): Promise<void> {
    const ends = await Promise.allSettled(this.all.map((lease) => lease.close()));
    const failed = ends.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason as Error;
  }
}

/** A device that a run may need: nothing is waited for or opened before it does. */
export class DeviceLease {
  private readonly settings: DeviceLeaseSettings;
  private turn: Promise<DeviceTurn | undefined> | undefined;
  private backend: Promise<Backend> | undefined;

  constructor(settings: DeviceLeaseSettings) {
    this.settings = settings;
  }

  /**
   * Waits for the device's turn, once; others get it when the lease is closed.
   * @throws {Stopped} when the run is stopped meanwhile.
   */
  async wait(): Promise<void> {
    await (this.turn ??= this.takeTurn());
  }

  /**
   * The backend on the device, after the turn has come; the same one at every call.
   * @throws {Stopped} when the run is stopped while it waits.
   */
  open(): Promise<Backend> {
    return (this.backend ??= this.openNow());
  }

  /** Closes the backend, if it is open, and passes the device to the next run; does nothing when called again. */
  async close(): Promise<void> {
    const { backend: opened, turn: taken } = this;
    this.backend = undefined;
    this.turn = undefined;
    // A failure to open needs no closing, and the caller of `open` has received the error.
    const backend = await opened?.catch(() => undefined);
    const turn = await taken?.catch(() => undefined);
    try {
      await backend?.close();
    } finally {
      await turn?.release();
    }
  }

  private async openNow(): Promise<Backend> {
    await this.wait();
    const { choice, threads } = this.settings;
    return openChoice(choice, { threads });
  }

  private async takeTurn(): Promise<DeviceTurn | undefined> {
    const { choice, turn, signal, waiting } = this.settings;
    try {
      return await turn?.(queueOf(choice.device), waiting);
    } catch (error) {
      if (signal.aborted && error === signal.reason) throw new Stopped("stopped while it was queued");
      throw error;
    }
  }
}
