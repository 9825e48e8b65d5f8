import { type SeedRequest, measureSeed } from "../../pipeline/claims/index.ts";
import { Stopped } from "../../pipeline/index.ts";
import type { RunEvent } from "../../protocol/events.ts";
import { runProgress } from "../../protocol/runProgress.ts";
import { type RunState, applyEvent, emptyRunState } from "../../protocol/runState.ts";
import { stageNames } from "../../protocol/stageName.ts";
import { runtimeFolder } from "../address.ts";
import { errorText, logLine } from "../engineLog.ts";
import type { SeedAnswer, SeedOrder } from "./messages.ts";

/** Milliseconds between two words on how far it is. */
const INTERVAL = 500;

const stop = new AbortController();

/** The process of one base seed: it works for its starter, and stops when that is gone. */
async function measure(request: SeedRequest): Promise<void> {
  try {
    const place = request.config.runtime.cluster && { machineFolder: await runtimeFolder() };
    await measureSeed(request, { signal: stop.signal, report: progressReporter(), ...place });
    answer({ kind: "measured" });
  } catch (error) {
    if (error instanceof Stopped) {
      answer({ kind: "stopped" });
      return;
    }
    process.exitCode = 1;
    logLine(`failed: ${errorText(error)}`);
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    answer({ kind: "failed", error: name, message });
  } finally {
    // Nothing keeps the process then.
    if (process.connected) process.disconnect();
  }
}

/** Largest share of a seed that is said to be done: only at a run's end is it decided whether another one follows. */
const MOST_DONE = 0.99;

/** Says now and then how far the seed's present run is. Each that widens a list of β has work that was not foreseen. */
function progressReporter(): (event: RunEvent) => void {
  let state: RunState = emptyRunState("");
  let [nRuns, said] = [0, -INTERVAL];
  /** Stays while the next one is looked for, and is none before the first. */
  let name = "";
  return (event) => {
    if (event.kind === "metrics") return;
    if (event.kind === "runStarted") {
      state = emptyRunState("");
      nRuns += 1;
    }
    applyEvent(state, event);
    const now = performance.now();
    if (now - said < INTERVAL) return;
    said = now;
    const { stage, fraction, secondsLeft } = runProgress(state);
    if (stage !== "") name = stageNames(state.stages)(stage);
    answer({
      kind: "progress",
      fraction: Math.min(fraction, MOST_DONE),
      stage: nRuns > 1 && name !== "" ? `${name}, widening ${nRuns - 1}` : name,
      ...(secondsLeft !== undefined && { secondsLeft }),
    });
  };
}

function answer(message: SeedAnswer): void {
  // The starter may be gone by now.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

// Ctrl-C reaches every process of the terminal: the starter says what is to be done.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => stop.abort());
process.on("disconnect", () => stop.abort());

if (process.send === undefined) {
  logLine("start it with: salsa claims CONFIG");
  process.exitCode = 2;
} else {
  process.on("message", (order: SeedOrder) => {
    if (order.kind === "stop") stop.abort();
    else void measure(order.request);
  });
}
