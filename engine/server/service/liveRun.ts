import { type RunState, withoutOwner } from "../../protocol/runState.ts";
import { runOwner } from "../../storage/runFolder.ts";
import { RunLog } from "../../storage/runLog.ts";
import { type EditorAnswerer, connect } from "../client.ts";
import { type RunListener, followRun } from "../follow.ts";

/** A run at work, with its curves. */
export interface LiveRun {
  /** "attached" receives events as they come; "polled" reads the log. */
  readonly kind: "attached" | "polled";
  /** As of the last event. It goes on changing. */
  state(): RunState;
  /** Offers to answer calls of the editor's models; absent where nobody can be offered that. */
  offerModels?(answer: EditorAnswerer): Promise<void>;
  /** Stops notifying listeners; the run itself continues. */
  close(): void;
}

/**
 * Follows a run through its engine's socket.
 * @throws {NotRunningError} {UnreachableError} {VersionMismatchError} as `connect` does.
 */
export async function attachedRun(folder: string, listener: RunListener, client: string): Promise<LiveRun> {
  const connection = await connect(folder, { client });
  try {
    const followed = await followRun(folder, connection, listener);
    return {
      kind: "attached",
      state: () => followed.state(),
      offerModels: (answer) => connection.offerModels(answer),
      close: () => followed.close(),
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Milliseconds between looks into the log. */
const INTERVAL = 300;

/** Follows a run that cannot be reached, such as one in the foreground of a terminal, by its log. */
export async function polledRun(folder: string, listener: RunListener): Promise<LiveRun> {
  const log = new RunLog(folder, { hasCurves: true });
  await log.update();
  log.givesEvents = true;
  listener.reset(log.state);
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    // Asked first: a process that ends in between has written its last event by then.
    const owner = await runOwner(folder);
    const { events, isRestarted } = await log.update();
    if (isClosed) return;
    if (isRestarted) listener.reset(log.state);
    else if (events.length > 0) listener.events(events);
    if (owner !== undefined) {
      schedule();
      return;
    }
    isClosed = true;
    const state = withoutOwner(log.state);
    listener.reset(state);
    listener.ended(state);
  };
  // A folder that cannot be read just now is read again later: listeners learn of its removal elsewhere.
  const schedule = (): void => {
    timer = setTimeout(() => void look().catch(schedule), INTERVAL);
  };
  schedule();
  const close = (): void => {
    isClosed = true;
    clearTimeout(timer);
  };
  return { kind: "polled", state: () => log.state, close };
}
