import type { Readable, Writable } from "node:stream";
import { openChannel } from "../channel.ts";
import { Service } from "./service.ts";

/** Bytes of a request: one for the curves of all stages names every metric of each. */
const MOST_REQUEST = 2 ** 26;
/** Answers that wait for the editor to read them. */
const MOST_WAITING = 100_000;

/** Settings of a service. */
export interface ServeSettings {
  readonly input: Readable;
  readonly output: Writable;
  /** Version of this program. */
  readonly version: string;
  /** Aborted when the service shall end. */
  readonly signal: AbortSignal;
}

/** Serves the client at the other end of two streams until it closes them, or dies. Runs go on. */
export async function serve({ input, output, version, signal }: ServeSettings): Promise<void> {
  const ended = Promise.withResolvers<undefined>();
  const end = (): void => ended.resolve(undefined);
  for (const event of ["end", "close", "error"]) input.once(event, end);
  output.once("error", end);
  output.once("close", end);
  if (signal.aborted) end();
  signal.addEventListener("abort", end, { once: true });
  const connection = openChannel({
    ...{ input, output },
    mostBytes: () => MOST_REQUEST,
    mostWaiting: MOST_WAITING,
    broken: end, // a peer that does not speak the protocol is no client
  });
  const service = new Service(connection, version);
  connection.listen();
  try {
    await ended.promise;
  } finally {
    signal.removeEventListener("abort", end);
    service.dispose();
    connection.dispose();
  }
}
