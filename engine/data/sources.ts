import { createHash } from "node:crypto";
import * as z from "zod";
import { hasWildcards, isHubName } from "../config/paths.ts";
import type { SourceConfig } from "../config/index.ts";
import { benchmarkKind } from "../evaluation/benchmarks/index.ts";
import { parseJson } from "../common/json.ts";
import { inputChunks, isInputFolder } from "../storage/inputs.ts";
import { isJsonObject, type JsonObject } from "../storage/json.ts";
import { readLines } from "../storage/lines.ts";
import { type Progress, hubFiles } from "./hub/files.ts";
import { knownFact } from "./known.ts";
import { type NamedCheck, type PreparedData, type SourceFile, prepare } from "./prepare.ts";
import type { RecordKind } from "./records.ts";
import { isText } from "./rows/file.ts";
import { localFiles } from "./rows/files.ts";
import { AS_IT_IS, type DataSource } from "./source.ts";

/** A source as stages read it: a file of records, and what was counted on the way there. */
export type ReadySource = { readonly file: string } & Partial<Pick<PreparedData, "counts">>;

/** Where prepared data goes, and who hears of downloads. */
export interface ReadySettings {
  /** `.salsa`. */
  readonly root: string;
  readonly kind: RecordKind;
  /** Of prepared records; a file that is read in place is checked by its reader. */
  readonly check?: NamedCheck | undefined;
  readonly progress?: Progress | undefined;
  /** Downloads nothing. */
  readonly isOffline?: boolean | undefined;
}

/**
 * Makes a source ready: downloads it if it is on the hub and not in the cache, and prepares its records below the root. A
 * path alone that leads to JSON Lines in this project's own layout is that file, as it is.
 *
 * @throws {DataError} naming file, line or row, field and remedy.
 * @throws {DiskError}
 */
export async function readySource(given: SourceConfig, settings: ReadySettings): Promise<ReadySource> {
  const { source, files: names, isOwn } = await filesOf(given, settings);
  if (isOwn) return { file: source.from };
  const files: SourceFile[] = [];
  for (const file of names) files.push({ file, digest: await digestOf(file, settings.root) });
  const references = source.references && {
    file: source.references,
    digest: await digestOf(source.references, settings.root),
  };
  return prepare({ ...settings, progress: undefined, source, files, ...(references && { references }) });
}

/** Purpose of looking up a source. */
export type FilesSettings = Pick<ReadySettings, "kind" | "progress" | "isOffline">;

/**
 * Files of a source, downloaded if they are on the hub, and its settings. `isOwn` is true for a path alone that leads to
 * JSON Lines in this project's own layout, which is read in place.
 * @throws {DataError} when there is no such source.
 */
export async function filesOf(
  given: SourceConfig,
  { kind, progress, isOffline }: FilesSettings,
): Promise<{ readonly source: DataSource; readonly files: readonly string[]; readonly isOwn: boolean }> {
  const source: DataSource = typeof given === "string" ? { from: given, ...AS_IT_IS } : withoutGaps(given);
  if (typeof given === "string" && (await isOwnFile(given, kind))) return { source, files: [given], isOwn: true };
  const files = isHubName(source.from)
    ? await hubFiles(source, { progress, isOffline })
    : await localFiles(source.from, source);
  return { source, files, isOwn: false };
}

/** Files of a source, as {@link filesOf} finds them. @throws {DataError} when there is no such source. */
export async function sourceFiles(given: SourceConfig, settings: FilesSettings): Promise<readonly string[]> {
  return (await filesOf(given, settings)).files;
}

/** A source without the columns that are not named, with the split that its benchmark is. */
function withoutGaps({ columns, kind, ...rest }: Exclude<SourceConfig, string>): DataSource {
  const split = rest.split ?? (kind === undefined || !isHubName(rest.from) ? undefined : benchmarkKind(kind).split);
  const source: DataSource = {
    ...rest,
    ...(kind !== undefined && { kind }),
    ...(split !== undefined && { split }),
  };
  if (columns === undefined) return source;
  const named = Object.entries(columns).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { ...source, columns: Object.fromEntries(named) };
}

function digestOf(file: string, root: string): Promise<string> {
  return knownFact({ root, file, name: "sha256", schema: z.string() }, async () => {
    const hash = createHash("sha256");
    for await (const chunk of inputChunks(file)) hash.update(chunk);
    return hash.digest("hex");
  });
}

/**
 * True for JSON Lines whose first record is in this project's own layout, and for all that cannot be read: the readers of
 * such files say best what is wrong.
 */
async function isOwnFile(from: string, kind: RecordKind): Promise<boolean> {
  if (isHubName(from) || (await isInputFolder(from))) return false;
  if (hasWildcards(from) && (await localFiles(from))[0] !== from) return false;
  if (!(await isText(from))) return false;
  for await (const { text } of readLines(from)) {
    try {
      const fields = parseJson(text);
      return !isJsonObject(fields) || OWN[kind](fields);
    } catch {
      return true;
    }
  }
  return true;
}

/** True for records that the readers of this project's own files take, or complain about as their users expect. */
const OWN: Readonly<Record<RecordKind, (fields: JsonObject) => boolean>> = {
  sft: (fields) => Object.hasOwn(fields, "response") || isOwnMessages(fields),
  preferences: ({ prompt, chosen, rejected }) =>
    prompt !== undefined && !Array.isArray(chosen) && !Array.isArray(rejected),
  // A whole conversation is a prompt without its answer, which its layout takes off.
  prompts: (fields) => fields["prompt"] !== undefined || (isOwnMessages(fields) && !isAnswered(fields)),
};

function isOwnMessages({ messages }: JsonObject): boolean {
  if (!Array.isArray(messages)) return false;
  return messages.every((turn: unknown) => isJsonObject(turn) && Object.hasOwn(turn, "role"));
}

function isAnswered({ messages }: JsonObject): boolean {
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  return isJsonObject(last) && last["role"] === "assistant";
}
