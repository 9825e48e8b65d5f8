import { EXIT } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** The part of a process that signals reach. */
export interface SignalSource {
  on(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  exit(code: number): void;
}

/** The message of the first Ctrl-C where a command has none of its own. */
export const STOPPING = "Stopping after this step and saving; Ctrl-C again quits at once";

/** A way to end a command between two of its steps. */
export interface Interruptible {
  readonly signal: AbortSignal;
  /** Aborts without a word, and counts as no Ctrl-C: one that comes at the same time may be heard later. */
  readonly stop: () => void;
}

/** A signal that is aborted by the first Ctrl-C, which is answered by the notice; the second ends the process at once. */
export function interruptible(source: SignalSource, terminal: Terminal, notice = STOPPING): Interruptible {
  const controller = new AbortController();
  let isInterrupted = false;
  const onInterrupt = (): void => {
    if (isInterrupted) {
      source.exit(EXIT.interrupted);
      return;
    }
    isInterrupted = true;
    terminal.err(`\n${notice}\n`);
    controller.abort();
  };
  source.on("SIGINT", onInterrupt);
  source.on("SIGTERM", onInterrupt);
  return { signal: controller.signal, stop: () => controller.abort() };
}
