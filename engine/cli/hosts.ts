import { basename, dirname } from "node:path";
import { isHostName } from "../protocol/hosts.ts";
import { textOption } from "./arguments.ts";
import { UsageError } from "./command.ts";
import type { Arguments, OptionSpec } from "./command.ts";

/** The option that has another machine make a run. */
export const HOST_OPTION: Readonly<Record<string, OptionSpec>> = {
  host: { value: "NAME", description: "Run on another Linux machine by ssh: a name of ~/.ssh/config, or user@machine" },
};

/** Its description in the help. */
export const HOST_DETAILS =
  "With --host, the program, what the config names and results that the run can use are sent to ~/.salsa of that machine, each\n" +
  "once; the run goes on there whatever becomes of this machine, and is followed from here: attach, stop and resume work as\n" +
  "for any other. Checkpoints stay there until salsa pull. No password is asked for: set up a key.";

/** Reads HOST_OPTION. @throws {UsageError} for what is no name of a host. */
export function hostOption(args: Arguments): string | undefined {
  const host = textOption(args, "host");
  if (host === undefined || isHostName(host)) return host;
  throw new UsageError(`--host ${JSON.stringify(host)}: must be a name of ~/.ssh/config, or user@machine`);
}

/**
 * Has a run that another machine makes followed again, in the background, where nobody does; a run that has ended stays so.
 * @returns True if it is followed from now on.
 */
export async function followAgain(folder: string): Promise<boolean> {
  const [{ readHostRecord }, { readRunState }, { launch }] = await Promise.all([
    import("../storage/formats/hostRecord.ts"),
    import("../storage/runHistory.ts"),
    import("../server/launch.ts"),
  ]);
  if ((await readHostRecord(folder))?.isStarted !== true) return false;
  const { status, failure } = await readRunState(folder);
  // A run that has failed there has ended; a failure of ours with the host says nothing about the run.
  const isOpen = status === "lost" || (status === "failed" && failure?.error === "HostError");
  if (!isOpen) return false;
  const runsRoot = dirname(dirname(folder));
  await launch({ kind: "resume", runsRoot, run: basename(folder), isOnlyFollowed: true });
  return true;
}
