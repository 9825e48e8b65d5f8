import type { Readable, Writable } from "node:stream";
import { type Message, StreamMessageReader, StreamMessageWriter, createMessageConnection } from "vscode-jsonrpc/node";
import { Service } from "./service.ts";

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
  const connection = createMessageConnection(new StreamMessageReader(input), new QuietWriter(output, end));
  // A peer that does not speak the protocol is no client.
  connection.onError(end);
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

/** Writes as long as it can: vscode-jsonrpc throws a failed write once more where nobody can catch it. */
class QuietWriter extends StreamMessageWriter {
  private readonly failed: () => void;

  constructor(output: Writable, failed: () => void) {
    super(output);
    this.failed = failed;
  }

  override async write(message: Message): Promise<void> {
    try {
      await super.write(message);
    } catch {
      this.failed();
    }
  }
}
