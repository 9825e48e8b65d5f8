import { EXIT } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** The part of a process that signals reach. */
export interface SignalSource {
  on(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  exit(code: number): void;
}

/** The message of the first Ctrl-C where a command has none of its own. */
export const STOPPING = "Stopping after this step and saving; Ctrl-C again quits at once";

/** A signal that is aborted by the first Ctrl-C, which is answered by the notice; the second ends the process at once. */
export function interruptible(source: SignalSource, terminal: Terminal, notice = STOPPING): AbortSignal {
  const controller = new AbortController();
  const onInterrupt = (): void => {
    if (controller.signal.aborted) {
      source.exit(EXIT.interrupted);
      return;
    }
    terminal.err(`\n${notice}\n`);
    controller.abort();
  };
  source.on("SIGINT", onInterrupt);
  source.on("SIGTERM", onInterrupt);
  return controller.signal;
}
