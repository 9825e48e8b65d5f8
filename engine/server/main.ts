import { errorText, logLine } from "./engineLog.ts";
import type { EngineAnswer, EngineStart } from "./engineRequest.ts";

/**
 * The engine process. Its starter sends it an EngineStart over Node's IPC channel and gets an EngineAnswer; from
 * then on it is on its own, whatever becomes of its parent.
 */
async function main(start: EngineStart): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      logLine(`${signal}: stopping after this step`);
      stop.abort();
    });
  }
  try {
    const { runEngine } = await import("./engine.ts");
    process.exitCode = await runEngine(start, {
      stop,
      opened: (run) => {
        answer({ kind: "opened", ...run });
      },
    });
  } catch (error) {
    process.exitCode = 1;
    logLine(`failed: ${errorText(error)}`);
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    answer({ kind: "failed", error: name, message });
  }
}

/** Answers once, and lets go of the parent, which may be gone by now. */
function answer(message: EngineAnswer): void {
  if (!process.connected) return;
  process.send?.(message, undefined, undefined, () => process.disconnect());
}

// Closing a terminal, or losing a connection, ends only the processes that it runs in the foreground.
process.on("SIGHUP", () => undefined);

if (process.send === undefined) {
  logLine("start runs with: salsa run CONFIG --detach");
  process.exitCode = 2;
} else {
  process.once("message", (start: EngineStart) => void main(start));
}
