import { parentPort, workerData } from "node:worker_threads";
import type { RunEvent } from "../protocol/events.ts";
import { readHistory } from "../storage/runHistory.ts";
import { logLine } from "./engineLog.ts";
import { RunServer } from "./runServer.ts";
import type { FromThread, ServerStart, ToThread } from "./threadMessages.ts";

/**
 * The thread that serves a run, beside the main one: that computes for seconds on end, while clients are answered at
 * once, and however much they ask for costs the run nothing.
 */
async function main(port: NonNullable<typeof parentPort>): Promise<void> {
  const send = (message: FromThread): void => port.postMessage(message);
  const server = await RunServer.listen({
    ...(workerData as ServerStart),
    stop: (client) => send({ kind: "stop", client }),
    answers: {
      answered: (id, answer) => send({ kind: "answer", id, answer }),
      waiting: (model, reason) => send({ kind: "wait", model, reason }),
    },
    log: logLine,
  });
  let waiting: RunEvent[] | undefined = [];
  const open = async ({ run, folder }: Extract<ToThread, { kind: "open" }>): Promise<void> => {
    server.open({ run, folder });
    server.start(await readHistory(folder));
    for (const event of waiting ?? []) server.publish(event);
    waiting = undefined;
  };
  let opening = Promise.resolve();
  port.on("message", (message: ToThread) => {
    switch (message.kind) {
      case "open":
        opening = open(message);
        return;
      case "event":
        if (waiting === undefined) server.publish(message.event);
        else waiting.push(message.event);
        return;
      case "ask":
        server.calls.ask(message.id, message.call, message.deadlineMs);
        return;
      case "cancel":
        server.calls.cancel(message.id);
        return;
      case "close":
        void opening
          .then(() => server.close())
          .then(() => {
            send({ kind: "closed" });
            port.close();
          });
    }
  });
  send({ kind: "listening" });
}

if (parentPort !== null) await main(parentPort);
