import type { DeviceBuffer, HostCopies } from "../compute/backend.ts";
import { bytesOf } from "../compute/graph/tensor.ts";
import { formatBytes } from "../common/format.ts";
import { freeMemory } from "./machineMemory.ts";
import type { Savepoint, StageContext } from "./stage.ts";

/** Share of the free memory that copies may take. */
const SHARE = 0.5;

/**
 * Writes a stage's savepoints while its next steps run, from copies that the backend makes beside its programs. Steps wait
 * for the write where it makes none, or memory is short. One savepoint is under way at a time.
 */
export class SavepointWriter {
  private readonly context: StageContext;
  private readonly free: () => number;
  private copies: HostCopies | undefined;
  /** Bytes of the copies. */
  private held = 0;
  private underWay: Promise<void> | undefined;
  private hasFailed = false;
  private hasNoted = false;

  /**
   * @param context - The stage.
   * @param free - Memory of the host that is free, bytes.
   */
  constructor(context: StageContext, free = freeMemory) {
    this.context = context;
    this.free = free;
  }

  /**
   * Takes the state as it is; resolves when the next step may begin.
   * @throws {DiskError} when it cannot be written and the step has to wait, or when the savepoint before could not be.
   */
  async save(savepoint: Savepoint): Promise<void> {
    await this.finish();
    const copies = this.copiesOf(buffersOf(savepoint));
    if (copies === undefined) return this.context.save(savepoint);
    this.underWay = this.context.save({ ...savepoint, tensors: tensorsFrom(copies, savepoint) });
    this.underWay.catch(() => {
      this.hasFailed = true;
    });
  }

  /** @throws {DiskError} when the savepoint under way has failed by now. */
  async check(): Promise<void> {
    if (this.hasFailed) await this.underWay;
  }

  /** Waits for the savepoint under way. @throws {DiskError} when it cannot be written. */
  async finish(): Promise<void> {
    await this.underWay;
  }

  /** Waits for the savepoint under way, whatever becomes of it, and gives the copies' memory back. */
  async release(): Promise<void> {
    await this.underWay?.catch(() => undefined); // where nobody has been told, something else has ended the stage
    this.copies?.release();
  }

  /** Copies of the buffers, on their way; undefined where there are none to be had. */
  private copiesOf(buffers: readonly DeviceBuffer[]): HostCopies | undefined {
    const { backend } = this.context;
    if (backend.copies === undefined) return undefined;
    const bytes = buffers.reduce((sum, buffer) => sum + bytesOf(buffer), 0);
    const most = SHARE * (this.free() + this.held);
    if (bytes > most) {
      this.note(`memory of ${formatBytes(bytes)}, and no more than ${formatBytes(most)} is to be taken`);
      return undefined;
    }
    this.copies ??= backend.copies();
    this.copies.take(buffers);
    this.held = bytes;
    const { hindrance } = this.copies;
    if (hindrance !== undefined) this.note(`memory that the driver does not give: ${hindrance}`);
    return this.copies;
  }

  private note(what: string): void {
    if (this.hasNoted) return;
    this.hasNoted = true;
    const message = `savepoints hold the steps up: to write them meanwhile takes ${what}`;
    this.context.report({ kind: "note", message });
  }
}

function buffersOf({ tensors }: Savepoint): readonly DeviceBuffer[] {
  return [...tensors.values()].flatMap((tensor) => ("deviceBuffer" in tensor ? [tensor.deviceBuffer] : []));
}

/** The same tensors, those of a device from copies. */
function tensorsFrom(copies: HostCopies, { tensors }: Savepoint): Savepoint["tensors"] {
  const entries = [...tensors].map(([name, tensor]) => {
    if (!("deviceBuffer" in tensor)) return [name, tensor] as const;
    return [name, { shape: tensor.shape, data: () => tensor.data(copies) }] as const;
  });
  return new Map(entries);
}
