import { resolve } from "node:path";
import type { Subject } from "../pipeline/publish/index.ts";
import type { Arguments, CommandContext } from "./command.ts";
import { findRun } from "./files.ts";
import { runsDirectory } from "./runOptions.ts";

/**
 * The checkpoint that a command line names: a folder, RUN, or RUN:MODEL.
 *
 * A folder first: it may have a colon in its name, as paths on Windows have.
 * @throws {UsageError} {DataError} when there is none.
 */
export async function namedCheckpoint(named: string, args: Arguments, context: CommandContext): Promise<Subject> {
  const { checkpointSubject, isCheckpoint, runSubject } = await import("../pipeline/publish/index.ts");
  const folder = resolve(context.folder, named);
  if (isCheckpoint(folder)) return checkpointSubject(folder);
  const directory = runsDirectory(args, context);
  const colon = named.lastIndexOf(":");
  const isRun = async (text: string): Promise<string | undefined> => findRun(directory, text).catch(() => undefined);
  const whole = await isRun(named);
  if (whole !== undefined) return runSubject(whole, undefined);
  if (colon <= 0) return runSubject(await findRun(directory, named), undefined);
  return runSubject(await findRun(directory, named.slice(0, colon)), named.slice(colon + 1));
}
