import { resolve } from "node:path";
import type { Subject } from "../pipeline/publish/index.ts";
import { inputExistsSync } from "../storage/inputs.ts";
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

/** Help of a checkpoint that a command line names. */
export const CHECKPOINT_FORMS = "Hugging Face folder of a model or a LoRA adapter, or RUN:MODEL, such as demo-1:salsa";

/**
 * Folder of a checkpoint, as {@link namedCheckpoint} finds it. A path that is neither a run nor RUN:MODEL is left as it is:
 * what reads it says what it lacks.
 * @throws {UsageError} {DataError} when there is no such run, or it has no such model.
 */
export async function checkpointFolder(named: string, args: Arguments, context: CommandContext): Promise<string> {
  const folder = resolve(context.folder, named);
  const run = await findRun(runsDirectory(args, context), named).catch(() => undefined);
  // One letter and a colon begin a path on Windows.
  const isOfRun = run !== undefined || (named.lastIndexOf(":") > 1 && !inputExistsSync(folder));
  return isOfRun ? (await namedCheckpoint(named, args, context)).folder : folder;
}
