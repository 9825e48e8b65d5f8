import { createGunzip } from "node:zlib";
import { DataError } from "../../protocol/errors.ts";

/** The first bytes of a gzip file. */
const GZIP = [0x1f, 0x8b] as const;

/** True for the beginning of a gzip file, whatever its name. */
export function isGzip(start: Uint8Array): boolean {
  return start[0] === GZIP[0] && start[1] === GZIP[1];
}

/**
 * The bytes that a gzip file holds, some at a time.
 * @throws {DataError} when it is cut off or damaged.
 */
export async function* gunzipped(
  file: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, undefined> {
  const unpack = createGunzip();
  // The source is pumped by hand, so that an error of the disk stays what it is.
  let failure: Error | undefined;
  const pump = (async () => {
    try {
      for await (const chunk of chunks) {
        if (unpack.destroyed) return;
        if (!unpack.write(chunk)) await drained(unpack);
      }
      unpack.end();
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      unpack.destroy(failure);
    }
  })();
  try {
    for await (const chunk of unpack) yield chunk as Uint8Array;
  } catch (cause) {
    if (failure !== undefined) throw failure;
    const isCut = cause instanceof Error && "code" in cause && cause.code === "Z_BUF_ERROR";
    const what = isCut ? "read: the gzip file is cut off" : "read: the gzip file is damaged";
    throw new DataError(what, { file, remedy: "copy or download it again" }, { cause });
  } finally {
    unpack.destroy();
    await pump;
  }
}

/** Waits until a stream takes more, or is over. */
function drained(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const name of ["drain", "close", "error"]) stream.off(name, done);
      resolve();
    };
    for (const name of ["drain", "close", "error"]) stream.on(name, done);
  });
}
