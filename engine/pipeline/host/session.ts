import { FrameReader, FrameWriter } from "../../cluster/ssh/frames.ts";
import { HostError } from "../../cluster/ssh/hostError.ts";
import {
  AGENT_LACKS,
  AGENT_READY,
  PROGRAM_TAKEN,
  agentCommand,
  machineOf,
  misfitOf,
  takeCommand,
} from "../../cluster/ssh/shell.ts";
import { tarGz } from "../../cluster/ssh/tar.ts";
import { programFiles } from "../../cluster/programFiles.ts";
import { formatBytes } from "../../common/format.ts";
import { type HostProcess, type SshSettings, openSsh } from "./ssh.ts";
import { type HostReply, type HostRequest, readReply } from "./messages.ts";
import { type TravellingUnit, sendUnit } from "./travel.ts";

/** Milliseconds between two signs of life. */
const PING_MS = 20_000;
/** Room that the program and a small run need, in bytes. */
const LEAST_FREE = 2 ** 30;

/** How a host is connected to. */
export interface SessionSettings extends SshSettings {
  /** Called with sentences on what takes a while. */
  readonly note: (message: string) => void;
}

/** A reply with its content. */
export interface ReceivedReply {
  readonly reply: HostReply;
  readonly body: AsyncIterable<Buffer>;
}

/** A connection to this program on a host. */
export class HostSession {
  private readonly process: HostProcess;
  private readonly host: string;
  private readonly reader: FrameReader;
  private readonly writer: FrameWriter;
  private readonly pings: NodeJS.Timeout;

  private constructor(host: string, process: HostProcess, reader: FrameReader) {
    this.host = host;
    this.process = process;
    this.reader = reader;
    this.writer = new FrameWriter(process.input);
    this.pings = setInterval(() => void this.tell({ do: "ping" }).catch(() => undefined), PING_MS);
  }

  /**
   * Connects; sends the program before, where the host lacks it.
   * @throws {HostError} {DataError}
   */
  static async open(settings: SessionSettings): Promise<HostSession> {
    const { host } = settings;
    const { digest, files } = await programFiles();
    for (const isSent of [false, true]) {
      const process = await openSsh(settings, agentCommand(digest));
      const reader = new FrameReader(process.output);
      const first = await reader.lineOf([AGENT_READY, AGENT_LACKS]).catch(() => undefined);
      if (first === AGENT_READY) return new HostSession(host, process, reader);
      const lines = first === undefined ? [] : await reader.lines().catch(() => []);
      const end = await endOf(process);
      if (first === undefined || isSent) throw end;
      checkMachine(host, lines);
      settings.note("packing the program");
      await sendProgram(settings, digest, await tarGz(files));
    }
    throw new HostError("does not keep the program", {
      host,
      fault: "unfit",
      remedy: "look at ~/.salsa/programs there",
    });
  }

  /** Asks, and waits for the answer of that kind. @throws {HostError} {Error} */
  async ask<K extends HostReply["re"]>(request: HostRequest, kind: K): Promise<Extract<HostReply, { re: K }>> {
    await this.tell(request);
    return this.answer(kind);
  }

  /** Sends without waiting. @throws {HostError} when the connection is lost. */
  async tell(request: HostRequest): Promise<void> {
    await this.orLost(() => this.writer.send(request));
  }

  /** Sends a folder, and waits until it is kept. @throws {HostError} {DataError} */
  async put(unit: TravellingUnit, sent: (bytes: number) => void): Promise<void> {
    await this.orLost(() => sendUnit(this.writer, unit, { file: { do: "file" }, keep: { do: "keep" } }, sent));
    await this.answer("done");
  }

  /** The next reply. @throws {HostError} when the connection is lost, or the host reports a failure. */
  async next(): Promise<ReceivedReply> {
    const frame = await this.orLost(() => this.reader.next());
    if (frame === undefined) throw await endOf(this.process);
    const reply = readReply(frame.header);
    if (reply.re === "error") {
      const remedy = /no space|quota/.test(reply.message) ? "free some space there" : "see the message";
      throw new HostError(reply.message, { host: this.host, fault: "unfit", remedy });
    }
    return { reply, body: frame.body };
  }

  /** Ends the connection; a run there goes on. */
  close(): void {
    clearInterval(this.pings);
    this.process.input.end();
    this.process.kill();
  }

  private async answer<K extends HostReply["re"]>(kind: K): Promise<Extract<HostReply, { re: K }>> {
    const { reply } = await this.next();
    if (reply.re === kind) return reply as Extract<HostReply, { re: K }>;
    throw new HostError(`answers ${reply.re} for ${kind}`, {
      host: this.host,
      fault: "unfit",
      remedy: "please report it",
    });
  }

  /** The end of ssh says best why a stream has broken. */
  private async orLost<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // Errors of files that are read here are no failures of the connection.
      if (!this.process.input.destroyed && !this.process.output.readableEnded) throw error;
      throw await endOf(this.process);
    }
  }
}

/** How ssh has ended; it is ended where only a stream of it has. */
async function endOf(process: HostProcess): Promise<HostError> {
  process.input.end();
  const late = setTimeout(() => process.kill(), 2000);
  try {
    return await process.ended;
  } finally {
    clearTimeout(late);
  }
}

function checkMachine(host: string, lines: readonly string[]): void {
  const machine = machineOf(lines);
  const misfit = misfitOf(machine, process.arch);
  if (misfit !== undefined) {
    const remedy = "use a Linux machine of this one's kind of processor, with glibc, or run there by Remote-SSH";
    throw new HostError(misfit, { host, fault: "unfit", remedy });
  }
  const { freeBytes = Infinity } = machine;
  if (freeBytes >= LEAST_FREE) return;
  const remedy = `free ${formatBytes(LEAST_FREE)} there, or make ~/.salsa a link to another disk`;
  throw new HostError(`its disk has ${formatBytes(freeBytes)} free`, { host, fault: "unfit", remedy });
}

async function sendProgram(settings: SessionSettings, digest: string, packed: Buffer): Promise<void> {
  settings.note(`sending the program, ${formatBytes(packed.length)}, once`);
  const process = await openSsh(settings, takeCommand(digest));
  process.input.end(packed);
  const isTaken = (await new FrameReader(process.output).lineOf([PROGRAM_TAKEN]).catch(() => undefined)) !== undefined;
  const end = await endOf(process);
  if (!isTaken) throw end;
}
