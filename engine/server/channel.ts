import type { Readable, Writable } from "node:stream";
import {
  AbstractMessageReader,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageConnection,
  StreamMessageWriter,
  createMessageConnection,
} from "vscode-jsonrpc/node";
import { ProtocolError } from "./errors.ts";
import { Frames } from "./frames.ts";

/** The two ends of a channel and its limits. */
export interface ChannelSettings {
  readonly input: Readable;
  readonly output: Writable;
  /** Bytes that the next message may have; asked for each. */
  readonly mostBytes: () => number;
  /** Messages that may wait to be written: who sends requests without reading the answers gets no more. */
  readonly mostWaiting: number;
  /** Called when the other side breaks the protocol, does not read, or is gone. May be called again. */
  readonly broken: (error: Error) => void;
}

/** Messages between processes, by JSON-RPC 2.0, within limits on what the other side makes this one keep. */
export function openChannel(settings: ChannelSettings): MessageConnection {
  const connection = createMessageConnection(new BoundedReader(settings), new BoundedWriter(settings));
  connection.onError(([error]) => settings.broken(error));
  return connection;
}

/**
 * Reads one message a turn of the event loop, in which the one before is dispatched, and reads no further meanwhile:
 * messages wait in the sender, however fast it is.
 */
class BoundedReader extends AbstractMessageReader {
  private readonly input: Readable;
  private readonly mostBytes: () => number;
  private readonly frames = new Frames();
  private callback: DataCallback | undefined;
  private isDispatching = false;

  constructor({ input, mostBytes }: ChannelSettings) {
    super();
    this.input = input;
    this.mostBytes = mostBytes;
  }

  listen(callback: DataCallback): Disposable {
    this.callback = callback;
    const take = (bytes: Buffer): void => {
      if (this.callback === undefined) return;
      this.frames.push(bytes);
      if (!this.isDispatching) this.read();
    };
    this.input.on("error", (error) => this.fireError(error));
    this.input.on("close", () => this.fireClose());
    this.input.on("data", take);
    return {
      dispose: () => {
        this.input.off("data", take);
        this.callback = undefined;
      },
    };
  }

  override dispose(): void {
    this.callback = undefined;
    super.dispose();
  }

  private read(): void {
    this.isDispatching = false;
    if (this.callback === undefined) return;
    try {
      const body = this.frames.next(this.mostBytes());
      if (body === undefined) {
        if (this.input.isPaused()) this.input.resume();
        return;
      }
      this.isDispatching = true;
      this.input.pause();
      this.callback(messageIn(body));
      setImmediate(() => this.read());
    } catch (error) {
      this.callback = undefined;
      this.fireError(error);
    }
  }
}

function messageIn(body: Buffer): Message {
  let message: unknown;
  try {
    message = JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new ProtocolError(`a message of ${body.length} bytes is not JSON`, { cause });
  }
  if (typeof message === "object" && message !== null && !Array.isArray(message)) return message as Message;
  throw new ProtocolError("a message is not an object");
}

/**
 * Writes as long as it can. vscode-jsonrpc throws a failed write once more where nobody can catch it, which would end the
 * process; the channel's end is seen by those who wait for an answer.
 */
class BoundedWriter extends StreamMessageWriter {
  private readonly mostWaiting: number;
  private readonly broken: (error: Error) => void;
  private nWaiting = 0;

  constructor({ output, mostWaiting, broken }: ChannelSettings) {
    super(output);
    this.mostWaiting = mostWaiting;
    this.broken = broken;
  }

  override async write(message: Message): Promise<void> {
    if (this.nWaiting >= this.mostWaiting) {
      this.broken(new ProtocolError(`${this.nWaiting} messages wait for a reader`));
      return;
    }
    this.nWaiting += 1;
    try {
      await super.write(message);
    } catch (error) {
      this.broken(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.nWaiting -= 1;
    }
  }
}
