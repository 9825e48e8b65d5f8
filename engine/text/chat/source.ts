import { join } from "node:path";
import { DataError } from "../../protocol/errors.ts";
import { inputFiles, isInputFolder, readInput } from "../../storage/inputs.ts";
import type { Tokenizer } from "../tokenizer.ts";
import { ChatTemplateError } from "./template.ts";

/** File of a checkpoint's chat template; transformers 5 writes it nowhere else. */
const CHAT_TEMPLATE_FILE = "chat_template.jinja";
/** Folder of the others, where there are several. */
const FURTHER = "additional_chat_templates";
const SETTINGS = "tokenizer_config.json";
/** The one of several that is taken. */
const DEFAULT_NAME = "default";
/** Largest template file that is read, bytes. */
const MOST_BYTES = 1024 * 1024;

/** A chat template's text and its place. */
export interface TemplateSource {
  readonly text: string;
  /** File, and field where it stands in one. */
  readonly where: string;
}

/**
 * The chat template of a checkpoint, as transformers finds it: `chat_template.jinja`, else `chat_template` in
 * tokenizer_config.json, a text or a list of named ones of which it takes "default". A file that the config names comes
 * first. Where `additional_chat_templates` has others, the settings count no more, and `chat_template.jinja` alone is the
 * default.
 *
 * @returns Undefined where there is none.
 * @throws {DataError} when the named file cannot be read.
 * @throws {ChatTemplateError} when there are several and none is the default.
 */
export async function chatTemplateSource(
  folder: string,
  tokenizer: Tokenizer,
  named?: string,
): Promise<TemplateSource | undefined> {
  if (named !== undefined) {
    const text = await textOf(named);
    if (text !== undefined) return { text, where: named };
    throw new DataError("no such file", { file: named, remedy: "correct chat.template in the config" });
  }
  const file = join(folder, CHAT_TEMPLATE_FILE);
  const text = await textOf(file);
  if (text !== undefined) return { text, where: file };
  const further = join(folder, FURTHER);
  const others = await namesIn(further);
  if (others.length > 0) throw noDefault(further, others);
  return sourceInSettings(tokenizer, join(folder, SETTINGS));
}

/** Names of the templates in a folder. */
async function namesIn(folder: string): Promise<readonly string[]> {
  if (!(await isInputFolder(folder))) return [];
  const names = (await inputFiles(folder)).map(({ name }) => name);
  return names.filter((name) => /^[^.].*\.jinja$/.test(name)).map((name) => name.slice(0, -".jinja".length));
}

async function textOf(file: string): Promise<string | undefined> {
  return (await readInput(file, MOST_BYTES))?.toString("utf8");
}

function sourceInSettings(tokenizer: Tokenizer, file: string): TemplateSource | undefined {
  const value = tokenizer.files.settings["chat_template"];
  if (value === undefined || value === null) return undefined;
  const where = `${file}: chat_template`;
  if (typeof value === "string") return { text: value, where };
  const remedy = "make it a text, or a list of objects with name and template";
  if (!Array.isArray(value)) throw new ChatTemplateError(where, "is neither a text nor a list of named ones", remedy);
  const templates = new Map<string, string>();
  for (const one of value as readonly unknown[]) {
    const { name, template } = (typeof one === "object" && one !== null ? one : {}) as Record<string, unknown>;
    if (typeof name !== "string" || typeof template !== "string") {
      throw new ChatTemplateError(where, "is a list with something else than named templates", remedy);
    }
    templates.set(name, template);
  }
  const text = templates.get(DEFAULT_NAME);
  if (text !== undefined) return { text, where: `${where} "${DEFAULT_NAME}"` };
  throw noDefault(where, [...templates.keys()]);
}

function noDefault(where: string, all: readonly string[]): ChatTemplateError {
  const names = all.join(", ").slice(0, 100);
  const choose = "put the wanted one into a file and name it in the config's chat.template";
  return new ChatTemplateError(where, `is one of several (${names}), none of which is the default`, choose);
}
