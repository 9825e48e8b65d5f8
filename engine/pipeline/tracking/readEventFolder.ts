import { basename, dirname, relative, sep } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import { LONGEST_NAME, MOST_METRICS } from "../../protocol/limits.ts";
import { EVENT_FILE_MARK, scalarEvents } from "../../storage/formats/tfEvents.ts";
import { inputChunks, inputTree } from "../../storage/inputs.ts";

/** Values of all files together: each takes some hundred bytes while it is read. */
const MOST_VALUES = 5_000_000;
/** Folders of event files, each of which is a stage. */
const MOST_FOLDERS = 1000;

/** The scalars of one folder of event files. */
export interface EventFolder {
  /** Path from the folder that was named, with slashes; its own name for that folder itself. */
  readonly name: string;
  /** By tag, then by step; times in seconds since 1970. */
  readonly tags: ReadonlyMap<string, ReadonlyMap<number, TimedValue>>;
}

/** A value, and when it was written. */
export interface TimedValue {
  readonly time: number;
  readonly value: number;
}

/**
 * Reads the scalars of every event file in a folder and below. Of a step that was logged twice, the last value counts.
 * @throws {DataError} when there is none, or a file is damaged or holds too much.
 */
export async function readEventFolders(folder: string, signal: AbortSignal): Promise<readonly EventFolder[]> {
  const files = await inputTree(folder, (name, isFolder) => isFolder || name.includes(EVENT_FILE_MARK));
  const byFolder = Map.groupBy(files, (file) => dirname(file));
  if (byFolder.size === 0) {
    const remedy = "name the folder that a logger of TensorBoard has written, or one above it";
    throw new DataError("import: there are no event files in it", { file: folder, remedy });
  }
  if (byFolder.size > MOST_FOLDERS) throw tooMuch(folder, `${MOST_FOLDERS} folders of event files`);
  const found: EventFolder[] = [];
  let nValues = 0;
  for (const [home, own] of byFolder) {
    const tags = new Map<string, Map<number, TimedValue>>();
    for (const file of own.sort()) {
      for await (const { time, step, values } of scalarEvents(inputChunks(file), file)) {
        signal.throwIfAborted();
        if (!Number.isSafeInteger(step) || step < 0) continue;
        for (const [tag, value] of values) {
          if (tag.length > LONGEST_NAME) throw tooMuch(file, `${LONGEST_NAME} letters in a name`);
          const steps = tags.get(tag) ?? new Map<number, TimedValue>();
          tags.set(tag, steps.set(step, { time, value }));
          nValues += 1;
        }
        if (tags.size > MOST_METRICS) throw tooMuch(file, `${MOST_METRICS} metrics`);
        if (nValues > MOST_VALUES) throw tooMuch(folder, `${MOST_VALUES} values`);
      }
    }
    if (tags.size > 0) found.push({ name: nameOf(folder, home), tags });
  }
  if (found.length > 0) return found;
  throw new DataError("import: its event files have no scalars", { file: folder, remedy: "name another folder" });
}

function nameOf(folder: string, home: string): string {
  const name = relative(folder, home).split(sep).join("/");
  return name === "" ? basename(folder) : name;
}

function tooMuch(file: string, what: string): DataError {
  return new DataError(`import: holds more than ${what}`, { file, remedy: "import a folder in it" });
}
