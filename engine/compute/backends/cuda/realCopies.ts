import { setImmediate, setTimeout } from "node:timers/promises";
import type { CopyQueue, CudaEvent, DevicePointer, HostMemory } from "./driver.ts";
import { RealEvent } from "./handles.ts";
import type { LibCuda } from "./libcuda.ts";

/** Numbers of cuda.h. */
const STREAM_NON_BLOCKING = 1;
const EVENT_DEFAULT = 0;

/** Waiting begins with turns of the event loop; after so many milliseconds it sleeps between looks. */
const BUSY_MS = 2;

/** A stream that does not wait for the others. */
export function openStream(cuda: LibCuda, what: string): bigint {
  return cuda.get(what, "cuStreamCreate", STREAM_NON_BLOCKING);
}

/** A mark in a stream, after all that was queued so far. */
export function recordIn(cuda: LibCuda, stream: bigint): CudaEvent {
  const event = cuda.get("make an event", "cuEventCreate", EVENT_DEFAULT);
  cuda.call("record an event", "cuEventRecord", event, stream);
  return new RealEvent(cuda, event);
}

/** Lets what is queued in a stream from here on wait for a mark in another. */
export function waitIn(cuda: LibCuda, stream: bigint, mark: CudaEvent): void {
  if (!(mark instanceof RealEvent)) throw new TypeError("cuda: the event is another driver's");
  cuda.call("wait for an event", "cuStreamWaitEvent", stream, mark.handle, 0);
}

/** Resolves when all that was queued in a stream so far is done. */
export async function finishOf(cuda: LibCuda, stream: bigint): Promise<void> {
  const event = recordIn(cuda, stream);
  try {
    const start = performance.now();
    while (!event.isDone()) {
      if (performance.now() - start < BUSY_MS) await setImmediate();
      else await setTimeout(1);
    }
  } finally {
    event.release();
  }
}

/** Pinned memory by libcuda. */
export function allocateHost(cuda: LibCuda, bytes: number): HostMemory {
  const address = cuda.get(`pin ${bytes} bytes of memory`, "cuMemHostAlloc", bytes, 0);
  return {
    bytes: new Uint8Array(cuda.koffi.view(address, bytes)),
    release: () => cuda.call("free pinned memory", "cuMemFreeHost", address),
  };
}

/** A second stream in libcuda. */
export class RealCopyQueue implements CopyQueue {
  private readonly cuda: LibCuda;
  private readonly stream: bigint;

  constructor(cuda: LibCuda) {
    this.cuda = cuda;
    this.stream = openStream(cuda, "open a queue of copies");
  }

  wait(mark: CudaEvent): void {
    waitIn(this.cuda, this.stream, mark);
  }

  copyToHost(data: Uint8Array, address: DevicePointer): void {
    this.cuda.call("copy to the host", "cuMemcpyDtoHAsync_v2", data, address, data.length, this.stream);
  }

  record(): CudaEvent {
    return recordIn(this.cuda, this.stream);
  }

  finish(): Promise<void> {
    return finishOf(this.cuda, this.stream);
  }

  close(): void {
    this.cuda.call("close a queue of copies", "cuStreamSynchronize", this.stream);
    this.cuda.call("close a queue of copies", "cuStreamDestroy_v2", this.stream);
  }
}
