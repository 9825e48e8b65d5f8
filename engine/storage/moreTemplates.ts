import * as path from "node:path";
import { CheckpointError } from "../protocol/errors.ts";
import { atomicWrite, makeFolder } from "./disk.ts";
import { inputFiles, isInputFolder, readInput } from "./inputs.ts";
import { discard } from "./writing.ts";

/** Folder of further chat templates, each in a file by its name, beside the default. */
const MORE_TEMPLATES = "additional_chat_templates";
/** Most of them, and the largest, in bytes. */
const MOST_TEMPLATES = 100;
const MOST_TEMPLATE_BYTES = 1024 * 1024;

/** True for the path of a further chat template within a checkpoint's folder. */
export function isMoreTemplate(name: string): boolean {
  return /^additional_chat_templates\/[\w-][\w. -]{0,99}\.jinja$/.test(name);
}

/**
 * Paths of a folder's further chat templates, sorted.
 * @throws {CheckpointError} when there are too many, or one is too large.
 */
export async function moreTemplates(folder: string): Promise<readonly string[]> {
  const inner = path.join(folder, MORE_TEMPLATES);
  if (!(await isInputFolder(inner))) return [];
  const found = (await inputFiles(inner)).filter(({ name }) => isMoreTemplate(`${MORE_TEMPLATES}/${name}`));
  const large = found.find(({ size }) => size > MOST_TEMPLATE_BYTES);
  if (large === undefined && found.length <= MOST_TEMPLATES) {
    return found.map(({ name }) => `${MORE_TEMPLATES}/${name}`);
  }
  const what =
    large === undefined ? `${found.length} further chat templates` : `a chat template of ${large.size} bytes`;
  throw new CheckpointError(`read checkpoint: ${what}`, { file: inner, remedy: "take out those that are not needed" });
}

/**
 * Copies the further chat templates of a checkpoint; what the other folder held of others goes.
 * @throws {CheckpointError} when there are too many, or one is too large.
 * @throws {DiskError}
 */
export async function carryMoreTemplates(from: string, to: string): Promise<void> {
  const templates = await moreTemplates(from);
  await discard(path.join(to, MORE_TEMPLATES));
  if (templates.length > 0) await makeFolder(path.join(to, MORE_TEMPLATES));
  for (const name of templates) {
    const content = await readInput(path.join(from, name), MOST_TEMPLATE_BYTES);
    if (content !== undefined) await atomicWrite(path.join(to, name), content);
  }
}
