import { once } from "node:events";
import { basename } from "node:path";
import { EXIT } from "../command.ts";
import type { Command } from "../command.ts";
import { askRunToStop } from "../../storage/runFolder.ts";
import { findRun } from "../files.ts";
import { followAgain } from "../hosts.ts";
import { DIRECTORY_OPTION, commandLine, runsDirectory } from "../runOptions.ts";
import { printJson } from "../terminal.ts";

/** Stops a run in the background so that it can be resumed. */
export const stop: Command = {
  name: "stop",
  summary: "stop a run after its running step, saved",
  details: [
    "Waits until the run has saved and ended; Ctrl-C does not wait, and the run stops all the same.",
    "One in the foreground of another terminal, or on another machine that shares the folder of runs, hears it, too.",
    'With --json, one object: {"kind":"stopped","id","folder","status"}; status is "finished" if it had just ended.',
  ],
  positionals: [{ name: "RUN", description: "Id or folder of the run (default: the latest)", number: "optional" }],
  options: DIRECTORY_OPTION,
  examples: [
    ["salsa stop", "The latest run"],
    ["salsa stop demo-2 --directory /data/salsa", "A run by its id"],
  ],
  interruptNotice: "Not waiting; the run stops after its running step",
  async run(args, context) {
    const { terminal, signal, version } = context;
    const folder = await findRun(runsDirectory(args, context), args.positionals[0]);
    const { connect } = await import("../../server/client.ts");
    const { ElsewhereError, NotRunningError } = await import("../../server/errors.ts");
    const { finalState, isLeft } = await import("../../server/follow.ts");
    const id = basename(folder);
    const client = { client: `salsa ${version}` };
    const connection = await connect(folder, client).catch(async (error: unknown) => {
      if (error instanceof NotRunningError && (await followAgain(folder))) return connect(folder, client);
      if (error instanceof ElsewhereError) return undefined;
      throw error;
    });
    const closed =
      connection === undefined ? isLeft(folder, Infinity) : new Promise<void>((resolve) => connection.onClose(resolve));
    await (connection === undefined ? askRunToStop(folder) : connection.stop());
    if (!context.isJson) terminal.errLine(`Stopping ${id} after its running step`);
    const interrupted = signal.aborted ? Promise.resolve() : once(signal, "abort");
    await Promise.race([closed, interrupted]);
    connection?.close();
    if (signal.aborted) return EXIT.ok;
    const { status } = await finalState(folder);
    if (context.isJson) printJson(terminal, { kind: "stopped", id, folder, status });
    else if (status === "stopped") {
      terminal.outLine(`Stopped ${id} and saved; go on with: ${commandLine(context, "resume", folder)}`);
    } else terminal.outLine(`${id} had ended before: it is ${status}`);
    return EXIT.ok;
  },
};
