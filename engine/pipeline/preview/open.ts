import type { RunConfig } from "../../config/index.ts";
import { type RecordKind, browse } from "../../data/index.ts";
import { DataError } from "../../protocol/errors.ts";
import type { PreviewSource } from "../../protocol/preview.ts";
import { withLocalBase } from "../hubCheckpoints.ts";
import { type ModelView, viewOf, viewOfFolder } from "../modelView.ts";
import type { ChatChoice } from "../chatChoice.ts";
import { DataPreview, previewSources } from "./preview.ts";

/** The listener for downloads, and whether there may be any. */
export interface PreviewSettings {
  readonly progress?: ((text: string) => void) | undefined;
  /** Downloads nothing. */
  readonly isOffline?: boolean | undefined;
}

/** A preview that is open, and what it is of. */
export interface OpenPreview {
  readonly preview: DataPreview;
  readonly sources: readonly PreviewSource[];
  readonly source: PreviewSource;
}

/** Which of a config's sources is looked at; the first unless one is named. */
export interface ConfigPreview {
  readonly config: RunConfig;
  readonly configFile: string;
  readonly source?: string | undefined;
}

/**
 * Opens a source of a config's data, as the config's base model sees it.
 * @throws {DataError} when it has none of that name, or it cannot be read. {CheckpointError} {TokenizerError}
 */
export async function openConfigData(
  { config, configFile, source: wanted }: ConfigPreview,
  settings: PreviewSettings = {},
): Promise<OpenPreview> {
  const all = previewSources(config);
  const view = await viewOf(await withLocalBase(config, settings));
  if (all.length === 0 || view === undefined) {
    const remedy = "look at configs with a data section; what a task makes is among a run's samples";
    throw new DataError("has no data of its own: its task makes it", { file: configFile, remedy });
  }
  const found = wanted === undefined ? all[0] : all.find(({ name }) => name === wanted);
  const sources = all.map(({ name, kind, from }) => ({ name, kind, from }));
  if (found === undefined) {
    const remedy = `there are ${sources.map(({ name }) => name).join(", ")}`;
    throw new DataError(`has no source ${JSON.stringify(wanted)}`, { file: configFile, remedy });
  }
  const { given, ...source } = found;
  return { preview: await DataPreview.open({ source, given, view, ...settings }), sources, source };
}

/** A path or a data set on the hub, and the model that sees it. */
export interface FilePreview {
  readonly from: string;
  /** Hugging Face folder. */
  readonly model: string;
  /** Purpose of its records; by its columns unless given. */
  readonly kind?: RecordKind | undefined;
  /** Tokens at which sequences are cut; the model's own bound holds, too. */
  readonly maxLength?: number | undefined;
  readonly chat?: ChatChoice | undefined;
}

/**
 * Opens data that no config names, as a checkpoint sees it.
 * @throws {DataError} {CheckpointError} {TokenizerError}
 */
export async function openFileData(
  { from, model, kind: wanted, maxLength, chat }: FilePreview,
  settings: PreviewSettings = {},
): Promise<OpenPreview> {
  const cut = maxLength === undefined ? {} : { sft: maxLength, preferences: maxLength };
  const view: ModelView = await viewOfFolder(model, { ...(chat && { choice: chat }), mostTokens: cut });
  return openSeen(from, view, { kind: wanted, ...settings });
}

/** A path, and the config whose base model sees it. */
export interface FileByConfig extends Pick<ConfigPreview, "config" | "configFile"> {
  readonly from: string;
}

/**
 * Opens data that a config need not name, as its base model sees it.
 * @throws {DataError} when it has no base model to see it. {CheckpointError} {TokenizerError}
 */
export async function openFileByConfig(
  { from, config, configFile }: FileByConfig,
  settings: PreviewSettings = {},
): Promise<OpenPreview> {
  const view = await viewOf(await withLocalBase(config, settings));
  if (view !== undefined) return openSeen(from, view, settings);
  const remedy = "choose a config with model.checkpoint, or a model's folder";
  throw new DataError("trains its base model from nothing, on its task's own text", { file: configFile, remedy });
}

async function openSeen(
  from: string,
  view: ModelView,
  { kind: wanted, ...settings }: PreviewSettings & Pick<FilePreview, "kind">,
): Promise<OpenPreview> {
  const kind = wanted ?? (await kindOf(from, settings));
  const source: PreviewSource = { name: kind, kind, from };
  return { preview: await DataPreview.open({ source, given: from, view, ...settings }), sources: [source], source };
}

/** Of several that fit, the one that asks for most. */
const KINDS: readonly RecordKind[] = ["preferences", "sft", "prompts"];

async function kindOf(from: string, settings: PreviewSettings): Promise<RecordKind> {
  for (const kind of KINDS) {
    const rows = (await browse(from, { kind, ...settings })).rows();
    const { value } = await rows.next();
    await rows.return(undefined);
    if (value?.record !== undefined && value.reason !== "noResponse") return kind;
  }
  return "sft"; // whose rows say what is wrong
}
