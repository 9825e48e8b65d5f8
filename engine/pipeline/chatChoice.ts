import type { RunConfig } from "../config/index.ts";
import { isAdapterFolder } from "../storage/adapterFolders.ts";
import { type CheckpointFiles, readCheckpointFiles } from "../storage/checkpoints.ts";
import type { JsonObject } from "../storage/json.ts";
import { type FormatChoices, PromptFormat, chatTemplateSource, loadTokenizer } from "../text/index.ts";
import { baseFolderOf } from "./adapterFolder.ts";
import type { Artifact, DataFile } from "./stage.ts";

/** Choices about conversations, for slices of stages that put text to models: only what departs from the checkpoint. */
export interface ChatSlice {
  readonly chat?: FormatChoices;
}

/** The config's choices about conversations; its template is a file, and so an input. */
export function chatSlice({ chat: { template: _template, ...choices } = {} }: RunConfig): ChatSlice {
  return Object.keys(choices).length === 0 ? {} : { chat: choices };
}

/** A chat template that the config names in place of a checkpoint's own. */
export type TemplateInput = Readonly<Partial<Record<"template", DataFile>>>;

/** How prompts are put to a model: the config's choices, and its template. */
export interface ChatChoice {
  readonly chat?: FormatChoices | undefined;
  readonly template?: Pick<DataFile, "path"> | undefined;
}

/** How a config puts prompts to the base model; for another model, with that one's own template. */
export function chatChoice(config: RunConfig, template: "config's" | "own" = "config's"): ChatChoice {
  const path = config.chat?.template;
  return { ...chatSlice(config), ...(path !== undefined && template !== "own" && { template: { path } }) };
}

/** How a model is loaded: how prompts are put to it, and, of an adapter, the folder of its base. */
export interface LoadChoice extends ChatChoice {
  /** The one that the adapter's settings name unless given. */
  readonly base?: Pick<Artifact, "folder"> | undefined;
}

/** How prompts are put to the model of a folder, without its weights. */
export async function loadFormat(folder: string, chat: LoadChoice = {}): Promise<PromptFormat> {
  const isAdapter = await isAdapterFolder(folder);
  const settings = isAdapter ? await baseFolderOf(folder, chat.base?.folder) : folder;
  return formatOf(folder, await readCheckpointFiles(settings), chat);
}

/** The same for a model whose settings are read. */
export async function formatOf(
  folder: string,
  { config, generationConfig }: Pick<CheckpointFiles, "config" | "generationConfig">,
  { chat, template }: ChatChoice,
): Promise<PromptFormat> {
  const tokenizer = await loadTokenizer(folder);
  const source = await chatTemplateSource(folder, tokenizer, template?.path);
  const namedEnds = [...endsIn(config), ...endsIn(generationConfig)];
  return new PromptFormat(tokenizer, source, { namedEnds, ...(chat && { choices: chat }) });
}

/** Token ids that a file of settings ends answers with: one, a list, or none. */
export function endsIn(settings: JsonObject | undefined): readonly number[] {
  const named = settings?.["eos_token_id"];
  const listed: readonly unknown[] = Array.isArray(named) ? named : [named];
  return listed.filter((id): id is number => Number.isSafeInteger(id) && (id as number) >= 0);
}
