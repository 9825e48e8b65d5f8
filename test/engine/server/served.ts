import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import type { EditorAnswer } from "../../../engine/protocol/editorModels.ts";
import type { EventBody, RunEvent } from "../../../engine/protocol/events.ts";
import { emptyRunState } from "../../../engine/protocol/runState.ts";
import { newAddress } from "../../../engine/server/address.ts";
import { RunServer } from "../../../engine/server/runServer.ts";
import { RunFolder } from "../../../engine/storage/runFolder.ts";

export const CLIENT = { client: "test 1" } as const;

/** Gives this process and its children a runtime folder of their own, so that no other run on this machine counts. */
export async function inRuntimeFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const before = process.env["SALSA_RUNTIME_DIR"];
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "salsa-rt-"));
  process.env["SALSA_RUNTIME_DIR"] = folder;
  try {
    return await work(folder);
  } finally {
    if (before === undefined) delete process.env["SALSA_RUNTIME_DIR"];
    else process.env["SALSA_RUNTIME_DIR"] = before;
    await fs.rm(folder, { recursive: true, force: true });
  }
}

/** A run whose engine is the test: it is held, served, and reports as the test directs. */
export interface Served {
  readonly folder: string;
  readonly address: string;
  readonly server: RunServer;
  /** Names of clients that asked for a stop. */
  readonly stops: readonly string[];
  /** Answers of windows, by the calls' ids. */
  readonly answers: ReadonlyMap<number, EditorAnswer>;
  /** Models that began to be waited for or no longer are, as "model: reason". */
  readonly waits: readonly string[];
  readonly logged: readonly string[];
  /** Records an event and sends it to clients. */
  report(body: EventBody): RunEvent;
  /** Records an event. */
  unsent(body: EventBody): RunEvent;
}

export interface ServedOptions {
  /** Makes another address for its lock. */
  readonly lockAddress?: (runtimeFolder: string) => Promise<string>;
  /** Called at each answer of a window, and each wait for one. */
  readonly told?: () => void;
}

/** Serves a run while the work lasts. */
export async function serving<T>(
  work: (run: Served) => Promise<T>,
  { lockAddress, told }: ServedOptions = {},
): Promise<T> {
  return inRuntimeFolder(async (root) => {
    const address = await newAddress();
    const stops: string[] = [];
    const logged: string[] = [];
    const answers = new Map<number, EditorAnswer>();
    const waits: string[] = [];
    const server = await RunServer.listen({
      address,
      version: "1.2.3",
      stop: (client) => void stops.push(client),
      log: (line) => void logged.push(line),
      answers: {
        answered: (id, answer) => {
          assert.ok(!answers.has(id), "a call is answered once");
          answers.set(id, answer);
          told?.();
        },
        waiting: (model, reason) => {
          waits.push(`${model}: ${reason ?? "asked"}`);
          told?.();
        },
        firstBlockMs: 50,
      },
    });
    const held = await RunFolder.open(root, "demo-1", (await lockAddress?.(root)) ?? address);
    await held.writeRun({ id: "demo-1" });
    server.open({ run: "demo-1", folder: held.folder });
    server.start(emptyRunState("demo-1"));
    let sequence = 0;
    const unsent = (body: EventBody): RunEvent => {
      const event = { ...body, time: 1000 + sequence, sequence };
      sequence += 1;
      held.append("events", event);
      return event;
    };
    const report = (body: EventBody): RunEvent => {
      const event = unsent(body);
      server.publish(event);
      return event;
    };
    try {
      return await work({ folder: held.folder, address, server, stops, logged, answers, waits, report, unsent });
    } finally {
      await server.close();
      await held.close();
    }
  });
}

export const STARTED: EventBody = {
  kind: "runStarted",
  run: "demo-1",
  name: "demo",
  device: "cpu",
  resumed: false,
  stages: ["base", "ppo"],
};

export const metric = (step: number): EventBody => {
  return { kind: "metrics", stage: "ppo", step, values: { "objective/kl": step / 2 } };
};

/** Lets pending servers, reads and writes of this process have their turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when a condition holds, which is checked whenever something happens. */
export function condition(): { readonly check: () => void; until(holds: () => boolean): Promise<void> } {
  const waiting = new Set<() => void>();
  return {
    check: () => {
      for (const look of waiting) look();
    },
    until: (holds) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!holds()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
