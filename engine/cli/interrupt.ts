import { EXIT } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** The part of a process that signals reach. */
export interface SignalSource {
  on(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  exit(code: number): void;
}

/** A signal that is aborted by the first Ctrl-C; the second ends the process at once. */
export function interruptible(source: SignalSource, terminal: Terminal): AbortSignal {
  const controller = new AbortController();
  const onInterrupt = (): void => {
    if (controller.signal.aborted) {
      source.exit(EXIT.interrupted);
      return;
    }
    terminal.err("\nStopping after this step and saving; Ctrl-C again quits at once\n");
    controller.abort();
  };
  source.on("SIGINT", onInterrupt);
  source.on("SIGTERM", onInterrupt);
  return controller.signal;
}
