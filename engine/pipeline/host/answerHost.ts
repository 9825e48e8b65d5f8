import { homedir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { FrameReader, FrameWriter } from "../../cluster/ssh/frames.ts";
import { AGENT_READY } from "../../cluster/ssh/shell.ts";
import type { RunConfig } from "../../config/index.ts";
import { DataError } from "../../protocol/errors.ts";
import { isLeftover } from "../../storage/disk.ts";
import { RUN_FILE, readDescription } from "../../storage/formats/runDescription.ts";
import { entryAt, placeBelow, placeIn } from "../../storage/places.ts";
import { makeRoot } from "../../storage/rootFolder.ts";
import { runOwner, runPath } from "../../storage/runFolder.ts";
import { sweepAt } from "../../storage/writing.ts";
import { machineFacts } from "../cluster/workerCheck.ts";
import { type HostReply, type HostRequest, readRequest } from "./messages.ts";
import { Incoming, sendUnit, unitAt, unitsAt } from "./travel.ts";
import { SENT, watchRun } from "./watchRun.ts";

/** Milliseconds without a sign of life after which the other machine is taken to be gone. */
const SILENCE_MS = 120_000;

/** How runs are begun and stopped on this machine. */
export interface HostActions {
  /** Begins a run in a process of its own. */
  readonly begin: (run: {
    readonly id: string;
    readonly config: RunConfig;
    readonly configFile: string;
  }) => Promise<void>;
  /** Goes on with one. */
  readonly resume: (run: string) => Promise<void>;
  /** Stops one gracefully; it is no error when it has ended. */
  readonly stop: (folder: string) => Promise<void>;
}

/**
 * Answers the machine that has connected by ssh, until it leaves. What it asks for is done in `~/.salsa`, where runs, results
 * and copies of inputs of all who work here under this account are.
 */
export async function answerHost(input: Readable, output: Writable, actions: HostActions): Promise<void> {
  const root = join(homedir(), ".salsa");
  await makeRoot(root);
  await sweepAt(placeBelow(root, "inputs"), isLeftover);
  output.write(`${AGENT_READY}\n`);
  const answering = new Answering(root, output, actions);
  const reader = new FrameReader(input);
  const silence = setTimeout(() => input.destroy(), SILENCE_MS);
  try {
    for (let frame = await reader.next(); frame !== undefined; frame = await reader.next()) {
      silence.refresh();
      await answering.take(readRequest(frame.header), frame.body);
    }
  } finally {
    clearTimeout(silence);
    await answering.close();
  }
}

class Answering {
  private readonly root: string;
  private readonly writer: FrameWriter;
  private readonly actions: HostActions;
  private readonly incoming: Incoming;
  private readonly gone = new AbortController();
  private following: Promise<void> = Promise.resolve();
  private folder: string | undefined;

  constructor(root: string, output: Writable, actions: HostActions) {
    this.root = root;
    this.writer = new FrameWriter(output);
    this.actions = actions;
    this.incoming = new Incoming(root);
  }

  /** Does as asked; what goes wrong is an answer. */
  async take(request: HostRequest, body: AsyncIterable<Buffer>): Promise<void> {
    try {
      await this.answer(request, body);
    } catch (error) {
      await this.fail(error);
    }
  }

  async close(): Promise<void> {
    this.gone.abort();
    await this.following;
    await this.incoming.discard();
  }

  private async answer(request: HostRequest, body: AsyncIterable<Buffer>): Promise<void> {
    const { root, incoming } = this;
    switch (request.do) {
      case "describe":
        return this.reply({ re: "facts", root, facts: await machineFacts(root, request.question) });
      case "lacks": {
        const found = new Set(await unitsAt(root, request.units));
        return this.reply({ re: "lacks", units: request.units.filter((unit) => !found.has(unit)) });
      }
      case "file":
        return incoming.file(request, body);
      case "keep":
        await incoming.keep(request);
        return this.reply({ re: "done" });
      case "run":
        return this.begin(request);
      case "resume":
        if ((await runOwner(runPath(root, request.run))) === undefined) await this.actions.resume(request.run);
        return this.started(request.run);
      case "follow":
        this.follow(request);
        return;
      case "fetch": {
        const unit = await unitAt(root, request.unit);
        if (unit === undefined) {
          const remedy = "run the config again, which makes it again";
          throw new DataError("is not there any more", { file: join(root, request.unit), remedy });
        }
        await sendUnit(this.writer, unit, SENT);
        return this.reply({ re: "done" });
      }
      case "stop":
        if (this.folder !== undefined) await this.actions.stop(this.folder);
        return;
      case "ping":
        return;
    }
  }

  /** A run that has begun under this id is the one that is meant: the answer to an earlier request was lost. */
  private async begin({ run: id, config, configFile }: Extract<HostRequest, { do: "run" }>): Promise<void> {
    const folder = runPath(this.root, id);
    const isThere = (await entryAt(placeIn(folder, RUN_FILE))) !== undefined;
    if ((await runOwner(folder)) === undefined) {
      if (isThere) await this.actions.resume(id);
      else
        await this.actions.begin({
          id,
          config: config as unknown as RunConfig,
          configFile: join(this.root, configFile),
        });
    }
    await this.started(id);
  }

  private async started(run: string): Promise<void> {
    const { platform, cpu, memoryBytes, node } = await readDescription(runPath(this.root, run));
    await this.reply({ re: "started", machine: { platform, cpu, memoryBytes, node } });
  }

  private follow(request: Extract<HostRequest, { do: "follow" }>): void {
    const { root, writer } = this;
    const folder = runPath(root, request.run);
    this.folder = folder;
    this.following = watchRun({ writer, root, folder, request, signal: this.gone.signal }).catch((error: unknown) =>
      this.fail(error),
    );
  }

  private reply(reply: HostReply): Promise<void> {
    return this.writer.send(reply);
  }

  private async fail(error: unknown): Promise<void> {
    if (this.gone.signal.aborted) return;
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    await this.reply({ re: "error", error: name, message }).catch(() => undefined); // nobody is there to hear it
  }
}
