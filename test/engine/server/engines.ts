import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { RunEvent } from "../../../engine/protocol/events.ts";
import type { RunState } from "../../../engine/protocol/runState.ts";
import { type RunConnection, connect } from "../../../engine/server/client.ts";
import type { EngineRequest } from "../../../engine/server/engineRequest.ts";
import { type FollowedRun, followRun } from "../../../engine/server/follow.ts";
import { livingOwner } from "../../../engine/storage/locks.ts";
import { type Written, resolved, tiny } from "../pipeline/tinyRun.ts";
import { inTemporaryFolder } from "../storage/temporaryFolder.ts";
import { CLIENT, condition, inRuntimeFolder } from "./served.ts";

/** A recipe that does not end within any test; it is stopped or killed. */
export const ENDLESS = tiny({ name: "endless", rlhf: { iterations: 100_000 } });

/** A folder for runs, of which those still at work are killed in the end. */
export async function withEngines<T>(work: (folder: string) => Promise<T>): Promise<T> {
  return inRuntimeFolder(() =>
    inTemporaryFolder(async (folder) => {
      try {
        return await work(folder);
      } finally {
        for (const file of await locksIn(folder)) {
          const owner = await livingOwner(file);
          if (owner !== undefined && owner.pid !== process.pid) kill(owner.pid);
        }
      }
    }),
  );
}

/** Locks in a folder and below, whose runs may be at work: a folder that goes meanwhile has none. */
async function locksIn(folder: string): Promise<readonly string[]> {
  const entries = await fs.readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = entries.map(async (entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? locksIn(file) : entry.name === "lock" ? [file] : [];
  });
  return (await Promise.all(below)).flat();
}

/** Kills a process, which may have ended by itself. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return;
  }
}

/** The request to run a config that lies in a folder. */
export function request(written: Written, folder: string): EngineRequest {
  const config = resolved(written, folder);
  return {
    kind: "run",
    config,
    configFile: path.join(folder, "tiny.salsa.json"),
    runsRoot: config.runtime.directory,
  };
}

/** A run as a client of its own sees it. */
export interface Watched {
  readonly connection: RunConnection;
  readonly followed: FollowedRun;
  /** Every event that came, and none of those that the first snapshot held. */
  readonly events: readonly RunEvent[];
  /** The state right after the run's last event, before anything is read from its folder. */
  readonly atLastEvent: () => RunState | undefined;
  readonly ended: Promise<RunState>;
  until(holds: (state: RunState) => boolean): Promise<void>;
}

/** Follows a run from now on. */
export async function watch(folder: string): Promise<Watched> {
  const connection = await connect(folder, CLIENT);
  const news = condition();
  const events: RunEvent[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<RunState>();
  let last: RunState | undefined;
  const followed: FollowedRun = await followRun(folder, connection, {
    reset: news.check,
    events: (more) => {
      events.push(...more);
      const kind = more.at(-1)?.kind;
      if (kind === "runFinished" || kind === "runFailed") last = structuredClone(followed.state());
      news.check();
    },
    ended: resolve,
  });
  return {
    connection,
    followed,
    events,
    atLastEvent: () => last,
    ended,
    until: (holds) => news.until(() => holds(followed.state())),
  };
}

/** True once a stage has made this many steps. */
export const hasSteps =
  (stage: string, steps: number) =>
  ({ stages }: RunState): boolean =>
    stages.some(({ id: name, step }) => name === stage && step >= steps);
