import { createHash } from "node:crypto";
import { basename, dirname, isAbsolute, join } from "node:path";
import * as z from "zod";
import { hubEnvironment } from "../../data/hub/environment.ts";
import { checkRepositoryName } from "../../data/hub/target.ts";
import type { UploadFile } from "../../data/hub/upload.ts";
import { CheckpointError, DataError } from "../../protocol/errors.ts";
import { type JsonError, parseJson } from "../../common/json.ts";
import { ADAPTER_FILE } from "../../config/paths.ts";
import { CHAT_TEMPLATE_FILE, checkpointContents } from "../../storage/checkpoints.ts";
import { isJsonObject, type Json, type JsonObject } from "../../storage/json.ts";
import { DamagedArtifact, checkDoubt, findManifest, recordOf } from "../../storage/manifest.ts";
import { type Place, placeBelow, placeIn } from "../../storage/places.ts";
import { readAdapterSettings } from "../../storage/adapterFolders.ts";
import { readText } from "../../storage/reading.ts";
import { openWeights } from "../../storage/shards.ts";
import { writeAt } from "../../storage/writing.ts";
import { type CardFacts, modelCard } from "./card.ts";
import { type ListedFile, readListing } from "./listing.ts";
import { cardPictures } from "./pictures.ts";
import { adapterBaseSource, baseSource, dataSources } from "./sources.ts";
import type { Subject } from "./subject.ts";

export { uploadModel, type Uploaded, type UploadProgress } from "../../data/hub/upload.ts";
export { checkpointSubject, isCheckpoint, runSubject, type Subject } from "./subject.ts";

/** The card, under the name that the hub shows. */
export const CARD_FILE = "README.md";
/** Beside the card: what was written, which shows if it was edited. */
const WRITTEN_FILE = "card.json";
/** Largest card, config and tokenizer that are looked through as text, in bytes. */
const MOST_CARD_BYTES = 4 * 1024 * 1024;
const MOST_SEARCHED_BYTES = 64 * 1024 * 1024;

/** How a card is written. */
export interface CardRequest {
  readonly subject: Subject;
  /** `owner/name` */
  readonly target: string;
  /** Writes over a card that was edited. */
  readonly renew: boolean;
}

/** A card on the disk, and what would be uploaded with it. */
export interface PreparedCard {
  readonly card: string;
  /** It was edited since it was written, and left as it is. */
  readonly isEdited: boolean;
  /** The card itself first. */
  readonly files: readonly UploadFile[];
  /** Files of the checkpoint that the card does not list, and that stay here. */
  readonly unlisted: readonly string[];
  readonly notes: readonly string[];
}

const writtenSchema = z.object({ sha256: z.string(), target: z.string() });

/**
 * Writes the card of a checkpoint, with its pictures, beside it, unless it is there and was edited; and finds what is to
 * be uploaded with it: the card, and of what it lists all that there is, byte for byte.
 *
 * @throws {DataError} when the name is none, or the card lists what is not there, or not so.
 * @throws {CheckpointError} when the checkpoint is not whole.
 */
export async function prepareCard({ subject, target, renew }: CardRequest): Promise<PreparedCard> {
  checkRepositoryName(target);
  const contents = await contentsOf(subject.folder);
  const folder = cardFolder(subject);
  const place = placeIn(folder.unit, join(folder.name, CARD_FILE));
  const found = await readText(place, MOST_CARD_BYTES);
  const written = await readWritten(placeIn(folder.unit, join(folder.name, WRITTEN_FILE)));
  const isEdited = found !== undefined && written?.sha256 !== hashOf(found) && !renew;
  if (!isEdited) await writeCard(folder, await cardFacts(subject, target, contents));
  const text = isEdited ? found : ((await readText(place, MOST_CARD_BYTES)) ?? "");
  const files = await filesOf(text, { subject, contents, folder, place });
  await refuseToken(files);
  const listed = new Set(files.map(({ path }) => path));
  const isMoved = isEdited && written !== undefined && written.target !== target;
  return {
    card: place.file,
    isEdited,
    files,
    unlisted: contents.map(({ path }) => path).filter((path) => !listed.has(path)),
    notes: [
      ...(isMoved
        ? [`the card was written for ${written.target} and edited: what it says of loading may be of that`]
        : []),
      ...(await baseNotes(subject.folder, listed)),
    ],
  };
}

/** An adapter that names its base by a folder of this machine is of no use to others as it is, and tells them its path. */
async function baseNotes(folder: string, listed: ReadonlySet<string>): Promise<readonly string[]> {
  if (!listed.has(ADAPTER_FILE)) return [];
  const { base } = await readAdapterSettings(folder);
  if (!isAbsolute(base)) return [];
  return [
    `${ADAPTER_FILE} names the base model by its folder on this machine, ${base}: ` +
      "others have to give PEFT the base themselves; take it from the hub (hf:owner/name) for its name to be there",
  ];
}

/** Where a card stands: below a run for its models, else in a folder beside the checkpoint's. */
interface CardFolder {
  /** The folder that all checks of places begin at. */
  readonly unit: string;
  /** In it. */
  readonly name: string;
}

function cardFolder({ folder, name, made }: Subject): CardFolder {
  if (made !== undefined) return { unit: made.facts.folder, name: join("cards", name.replaceAll("/", "-")) };
  const place = placeBelow(dirname(folder), `${basename(folder)}-card`);
  return { unit: place.root, name: basename(place.file) };
}

/**
 * The checkpoint's files with their hashes.
 * @throws {CheckpointError} when something is missing, or an artifact is not as it was made.
 */
async function contentsOf(folder: string): Promise<readonly ListedFile[]> {
  const names = await checkpointContents(folder);
  if (!names.some((name) => name.endsWith(".safetensors"))) {
    const remedy = "give a Hugging Face folder: config.json, model.safetensors, tokenizer.json";
    throw new CheckpointError("holds no checkpoint", { file: folder, remedy });
  }
  // Index and shards belong together, or nobody could load it.
  if (!names.includes(ADAPTER_FILE)) await (await openWeights(folder)).close();
  const manifest = await findManifest(folder);
  if (manifest !== undefined) await checkDoubt(folder, manifest);
  const files: ListedFile[] = [];
  for (const path of names) {
    const place = placeIn(folder, path);
    const record = await recordOf(place);
    const made = manifest?.manifest.files[path];
    if (manifest !== undefined && made?.sha256 !== record.sha256)
      throw new DamagedArtifact(place.file, "its content is not what was made", manifest.finished);
    files.push({ path, ...record });
  }
  return files;
}

async function cardFacts(
  subject: Subject,
  target: string,
  files: readonly ListedFile[],
): Promise<Omit<CardFacts, "files"> & { readonly contents: readonly ListedFile[] }> {
  const { made, folder } = subject;
  const isAdapter = files.some(({ path }) => path === ADAPTER_FILE);
  const settings = await jsonAt(placeIn(folder, isAdapter ? ADAPTER_FILE : "config.json"));
  const chat = await jsonAt(placeIn(folder, "tokenizer_config.json"), true);
  const hasChatTemplate = files.some(({ path }) => path === CHAT_TEMPLATE_FILE) || "chat_template" in chat;
  return {
    ...{ subject, target, settings, isAdapter, hasChatTemplate, contents: files },
    ...(await asRead(subject, async () => ({
      base: isAdapter ? await adapterBaseSource(folder) : made && (await baseSource(made.facts.config)),
      data: made === undefined ? [] : await dataSources(made.facts.config),
      pictures: made === undefined ? { results: [], curves: [] } : cardPictures(made.facts, made.model),
    }))),
  };
}

async function writeCard(
  { unit, name }: CardFolder,
  { contents, ...facts }: Awaited<ReturnType<typeof cardFacts>>,
): Promise<void> {
  const all = [...facts.pictures.results, ...facts.pictures.curves];
  const pictures = all.map(({ path, content }) => ({ path, bytes: content.length, sha256: hashOf(content) }));
  const card = await asRead(facts.subject, () =>
    Promise.resolve(modelCard({ ...facts, files: [...contents, ...pictures] })),
  );
  for (const { path, content } of all) await writeAt(placeIn(unit, join(name, path)), content);
  const written: z.output<typeof writtenSchema> = { sha256: hashOf(card), target: facts.target };
  const place = placeIn(unit, join(name, CARD_FILE));
  // An editor that has it open takes a file that was written again for somebody else's, and does not save over it.
  if ((await readText(place, MOST_CARD_BYTES)) !== card) await writeAt(place, card);
  await writeAt(placeIn(unit, join(name, WRITTEN_FILE)), `${JSON.stringify(written)}\n`);
}

/** A run's config may come from another version, or from anybody, and lack what a card says of it. */
async function asRead<T>({ made, folder }: Subject, tell: () => Promise<T>): Promise<T> {
  try {
    return await tell();
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) throw cause;
    const remedy = "start the run again from its config, or copy the checkpoint's folder and publish that";
    const file = made?.facts.folder ?? folder;
    throw new DataError("has a config that this version cannot tell", { file, remedy }, { cause });
  }
}

interface CardPlace {
  readonly subject: Subject;
  readonly contents: readonly ListedFile[];
  readonly folder: CardFolder;
  /** Of the card. */
  readonly place: Place;
}

/** Files to upload: the card, and those that it lists. @throws {DataError} when that is not there, or not so. */
async function filesOf(card: string, { subject, contents, folder, place }: CardPlace): Promise<readonly UploadFile[]> {
  const known = new Map(contents.map((file) => [file.path, file]));
  const listed = readListing(card, place.file);
  const files: UploadFile[] = [{ path: CARD_FILE, place, bytes: Buffer.byteLength(card), sha256: hashOf(card) }];
  const refuse = (what: string): DataError => {
    const remedy = "write the card again with --renew, or correct its list of files";
    return new DataError(what, { file: place.file, remedy });
  };
  for (const file of listed) {
    const isPicture = /^figures\/[\w-]+\.png$/.test(file.path);
    const at = isPicture ? placeIn(folder.unit, join(folder.name, file.path)) : placeIn(subject.folder, file.path);
    const there = isPicture ? await pictureAt(at) : known.get(file.path);
    if (there === undefined) throw refuse(`lists ${file.path}, which does not belong to the checkpoint`);
    if (there.sha256 !== file.sha256 || there.bytes !== file.bytes)
      throw refuse(`lists another content of ${file.path} than there is`);
    files.push({ ...file, place: at });
  }
  const isWeights = (path: string): boolean =>
    path.endsWith(".safetensors") || /^(?:adapter_)?config\.json$/.test(path);
  const needed = contents.find(({ path }) => isWeights(path) && !listed.some((file) => file.path === path));
  if (needed === undefined) return files;
  throw refuse(`does not list ${needed.path}, without which nobody can load it`);
}

async function pictureAt(place: Place): Promise<Pick<ListedFile, "bytes" | "sha256"> | undefined> {
  try {
    return await recordOf(place);
  } catch (error) {
    if (error instanceof Error && error.name === "DiskError") return undefined;
    throw error;
  }
}

/** @throws {DataError} when a file of text holds the token that the hub is asked with. */
async function refuseToken(files: readonly UploadFile[]): Promise<void> {
  const { token } = await hubEnvironment();
  if (token === undefined) return;
  for (const { path, place, bytes } of files) {
    if (bytes > MOST_SEARCHED_BYTES || !/\.(?:json|md|jinja|txt)$/.test(path)) continue;
    const text = await readText(place, MOST_SEARCHED_BYTES);
    if (text?.includes(token) !== true) continue;
    throw new DataError("holds your token for the hub", { file: place.file, remedy: "take it out first" });
  }
}

async function jsonAt(place: Place, isOptional = false): Promise<JsonObject> {
  const text = await readText(place, MOST_SEARCHED_BYTES);
  const remedy = "the file is damaged: download or export the checkpoint again";
  let json: Json = {};
  try {
    if (text !== undefined) json = parseJson(text) as Json;
  } catch (cause) {
    throw new CheckpointError(
      `read checkpoint: ${(cause as JsonError).message}`,
      { file: place.file, remedy },
      { cause },
    );
  }
  if (isJsonObject(json) && (text !== undefined || isOptional)) return json;
  throw new CheckpointError("read checkpoint: not a JSON object", { file: place.file, remedy });
}

async function readWritten(place: Place): Promise<z.output<typeof writtenSchema> | undefined> {
  const text = await readText(place, MOST_CARD_BYTES);
  try {
    return text === undefined ? undefined : writtenSchema.parse(JSON.parse(text));
  } catch {
    return undefined; // then the card counts as edited, and is left alone
  }
}

function hashOf(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
