import { basename, join } from "node:path";
import type { RunEvent } from "../../protocol/events.ts";
import type { RunState } from "../../protocol/runState.ts";
import { inputExistsSync } from "../../storage/inputs.ts";
import { ENGINE_LOG } from "../../protocol/runLogFiles.ts";
import { EXIT } from "../command.ts";
import type { Command, CommandContext } from "../command.ts";
import { findRun } from "../files.ts";
import { followAgain } from "../hosts.ts";
import { type ProgressView, progressView } from "../progress.ts";
import { DIRECTORY_OPTION, commandLine, printResult, runsDirectory } from "../runOptions.ts";
import { printJson } from "../terminal.ts";

/** Follows a run in the background, or reports how one that has ended went. */
export const attach: Command = {
  name: "attach",
  summary: "follow a run in the background, or see how one went",
  details: [
    "Shows what has happened so far and then what comes, until the run ends. Ctrl-C leaves; the run goes on.",
    "With --json, the output is that of salsa run, from the run's first event on.",
  ],
  positionals: [{ name: "RUN", description: "Id or folder of the run (default: the latest)", number: "optional" }],
  options: DIRECTORY_OPTION,
  examples: [
    ["salsa attach", "The latest run"],
    ["salsa attach demo-2 --json", "A run by its id, for a script"],
  ],
  interruptNotice: "Leaving; the run goes on",
  async run(args, context) {
    const { signal, terminal } = context;
    const folder = await findRun(runsDirectory(args, context), args.positionals[0]);
    const { follow, finalState } = await eventsOf(folder, context);
    const view = progressView(terminal);
    const show = context.isJson ? (event: RunEvent): void => printJson(terminal, event) : newsView(view);
    let failure: RunState["failure"];
    try {
      for await (const event of follow) {
        if (signal.aborted) break; // the user has left: the event is no news
        show(event);
        if (event.kind === "runStarted") failure = undefined;
        if (event.kind === "runFailed") failure = event;
      }
    } finally {
      view.close();
    }
    if (signal.aborted) {
      if (!context.isJson) terminal.errLine(`Attach again with: ${commandLine(context, "attach", folder)}`);
      return EXIT.ok;
    }
    // A failure that could not be written, on a full disk, has still been received.
    return conclude(context, folder, { failure, ...(await finalState(folder)) });
  },
};

interface Following {
  readonly follow: AsyncIterable<RunEvent>;
  readonly finalState: (folder: string) => Promise<RunState>;
}

/** A run's events as they come, or, of a run that has ended, as they came. */
async function eventsOf(folder: string, context: CommandContext, mayFollow = true): Promise<Following> {
  const { signal, version } = context;
  const [{ connect }, { ElsewhereError, NotRunningError }, { finalState, loggedEvents, runEvents }, { readEvents }] =
    await Promise.all([
      import("../../server/client.ts"),
      import("../../server/errors.ts"),
      import("../../server/follow.ts"),
      import("../../storage/runLog.ts"),
    ]);
  try {
    const connection = await connect(folder, { client: `salsa ${version}` });
    signal.addEventListener("abort", () => connection.close());
    return { follow: runEvents(folder, connection), finalState };
  } catch (error) {
    if (error instanceof ElsewhereError) return { follow: loggedEvents(folder, signal), finalState };
    if (!(error instanceof NotRunningError)) throw error;
    if (mayFollow && (await followAgain(folder))) return eventsOf(folder, context, !mayFollow);
    return { follow: readEvents(folder), finalState };
  }
}

/** Shows progress from now on, and of the past only finished work. */
function newsView(view: ProgressView): (event: RunEvent) => void {
  const now = Date.now();
  let last: Partial<Record<RunEvent["kind"], RunEvent>> = {};
  return (event) => {
    const isPassing = event.kind === "progress" || event.kind === "metrics";
    if (isPassing && event.time < now) {
      last = { ...last, [event.kind]: event };
      return;
    }
    if (isPassing) for (const before of Object.values(last)) view.show(before);
    last = {};
    view.show(event);
  };
}

/** Reports how the run ended. @throws the error that ended it. */
function conclude(context: CommandContext, folder: string, state: RunState): number {
  const { status, tables, failure } = state;
  const id = basename(folder);
  const again = commandLine(context, "resume", folder);
  if (status === "finished" || status === "stopped") {
    const result = { id, folder, tables, status };
    if (context.isJson) printJson(context.terminal, { kind: "result", ...result });
    else printResult(context, result);
    return status === "stopped" ? EXIT.interrupted : EXIT.ok;
  }
  const error = new Error(whatEnded(state, folder));
  error.name = failure?.error ?? "Error";
  if (!context.isJson && status !== "running") {
    context.terminal.errLine(`Everything finished stays. Once the mistake below is put right, go on with: ${again}`);
  }
  throw error;
}

function whatEnded({ status, failure }: RunState, folder: string): string {
  if (failure !== undefined) return failure.message;
  if (status === "lost") {
    // Of a run in the background alone: one in the foreground speaks to its terminal.
    const more = inputExistsSync(join(folder, ENGINE_LOG)) ? "; its engine.log may tell more" : "";
    return `${folder}: the run's process died without a word${more}`;
  }
  return `${folder}: the connection to the run is lost; attach again`;
}
