import { parseArgs } from "node:util";
import { setTimeout as wait } from "node:timers/promises";
import type { EventBody, RunEvent } from "../../../engine/protocol/events.ts";
import { newAddress } from "../../../engine/server/address.ts";
import { readHistory } from "../../../engine/storage/runHistory.ts";
import { ServerHandle } from "../../../engine/server/serverHandle.ts";
import { RunFolder, runPath } from "../../../engine/storage/runFolder.ts";

/** Milliseconds between bursts: finer than the batching of events anywhere on the way. */
const TICK = 10;
/** Steps of the training, where it says how far it is. */
const TOTAL = 120_000;

/**
 * A run's process as the engine has it, with events in the place of training: holds the run's folder, writes each event
 * to its log and publishes it from the thread that serves the socket.
 *
 * `node liveEngine.ts ROOT RUN --rate EVENTS_A_SECOND --seconds N [--progress]`: begins when its parent says so, and ends the run.
 */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      rate: { type: "string", default: "10000" },
      seconds: { type: "string", default: "5" },
      progress: { type: "boolean", default: false },
    },
  });
  const [root = "", id = ""] = positionals;
  let { nextSequence } = await readHistory(runPath(root, id));
  const address = await newAddress();
  const server = await ServerHandle.start({ address, version: "bench" }, () => undefined);
  const held = await RunFolder.open(root, id, address);
  server.open({ run: id, folder: held.folder });
  const report = (body: EventBody): void => {
    const event: RunEvent = { ...body, time: Date.now(), sequence: nextSequence++ };
    held.append("events", event);
    server.publish(event);
  };
  report({ kind: "runStarted", run: id, name: id, device: "bench", resumed: true, stages: ["ppo"] });
  process.send?.("serving");
  await new Promise((resolve) => process.once("message", resolve));
  const { rate, seconds, progress } = values;
  await emit(report, { rate: Number(rate), seconds: Number(seconds), hasProgress: progress });
  process.send?.("emitted");
  await new Promise((resolve) => process.once("message", resolve));
  await server.close();
  await held.close();
  process.disconnect();
}

/** Metrics at an even pace; events that a late timer has missed are made up for. */
async function emit(
  report: (body: EventBody) => void,
  { rate, seconds, hasProgress }: { readonly rate: number; readonly seconds: number; readonly hasProgress: boolean },
): Promise<void> {
  const begin = performance.now();
  for (let sent = 0; sent < rate * seconds;) {
    const due = Math.min(rate * seconds, Math.ceil(((performance.now() - begin) / 1000) * rate));
    for (; sent < due; sent++) {
      const step = 100_000 + sent;
      const values = { "objective/score": Math.sin(step / 500), "objective/kl": Math.cos(step / 500) };
      report({ kind: "metrics", stage: "ppo", step, values });
      if (hasProgress) report({ kind: "progress", stage: "ppo", step, total: TOTAL });
    }
    await wait(TICK);
  }
}

await main();
