import type { RunConfig } from "../config/index.ts";
import { type RecordKind, originOf } from "../data/index.ts";
import { DataError } from "../protocol/errors.ts";
import { type JsonRecord, preference, promptOf, readJsonl, sftExample } from "../storage/datasets.ts";
import { type EncodedExample, type PromptFormat, ChatTemplateError } from "../text/index.ts";
import type { ReadData } from "./fingerprints.ts";
import { type ChatChoice, chatSlice, loadFormat } from "./modelFolder.ts";

/**
 * Reads every data file of a run and renders each prompt and conversation by the base model's chat template,
 * so that mistakes in either surface before anything is trained.
 * @throws {DataError} naming file and line.
 * @throws {ChatTemplateError} naming a template that cannot be used.
 */
export async function checkData(
  config: RunConfig,
  files: readonly Pick<ReadData, "kind" | "file">[],
  mostLines = Infinity,
): Promise<void> {
  const format = await baseFormat(config);
  if (format?.makesTurns === true) format.check({ prompt: "a", response: "b" });
  for (const { kind, file } of files) await checkFile(file.path, mostLines, (record) => CHECKS[kind](record, format));
}

const CHECKS: Readonly<Record<RecordKind, (record: JsonRecord, format: PromptFormat | undefined) => void>> = {
  sft: (record, format) => format?.check(sftExample(record)),
  preferences: (record, format) => {
    const { prompt, chosen, rejected } = preference(record);
    for (const response of [chosen, rejected]) format?.check({ prompt, response });
  },
  prompts: (record, format) => {
    format?.render(promptOf(record).prompt);
  },
};

/** How prompts are put to the config's base model; undefined where it is trained from nothing. */
async function baseFormat(config: RunConfig): Promise<PromptFormat | undefined> {
  if (!("checkpoint" in config.model)) return undefined;
  const template = config.chat?.template;
  const choice: ChatChoice = { ...chatSlice(config), ...(template !== undefined && { template: { path: template } }) };
  return loadFormat(config.model.checkpoint, choice);
}

async function checkFile(file: string, mostLines: number, check: (record: JsonRecord) => unknown): Promise<void> {
  let line: number | undefined;
  try {
    for await (const record of readJsonl(file)) {
      ({ line } = record);
      if (line > mostLines) return;
      check(record);
    }
  } catch (cause) {
    const isOfLine = cause instanceof ChatTemplateError || (cause instanceof DataError && cause.line === line);
    if (!isOfLine || line === undefined) throw cause;
    // Of prepared records, people know the data that they come from.
    throw new DataError(cause.what, { ...(await originOf(file, line)), remedy: cause.remedy }, { cause });
  }
}

/** How a config's prompts are put to its base model, in a sentence for people. */
export async function describePrompts(config: RunConfig): Promise<string> {
  const format = await baseFormat(config);
  if (format === undefined) return "prompts are put to the model as they stand: it is trained on the task's text";
  const marks = format.ends.map((id) => format.tokenizer.tokenOf(id) ?? `token ${id}`).join(", ");
  const ends = `an answer ends with ${marks}`;
  if (format.source === undefined)
    return `prompts are put to the model as they stand: it has no chat template; ${ends}`;
  const what = format.makesTurns ? "becomes a user's turn" : "stands as it is (chat.plainPrompts)";
  return `a prompt without a speaker ${what}, messages are rendered by ${format.source.where}; ${ends}`;
}

/** Examples that are shown. */
const SHOWN = 2;
/** Longest learned part that is shown whole, in characters. */
const SHOWN_LENGTH = 80;

/**
 * The parts of the first examples that are learned, decoded from their tokens, for people to check; undefined where no
 * chat template decides it.
 */
export function learnedMessage({ tokenizer }: PromptFormat, examples: readonly EncodedExample[]): string | undefined {
  const shown = examples.slice(0, SHOWN).flatMap(({ tokens, learned }, index) => {
    if (learned === undefined) return [];
    const parts = runs(learned).map(([start, end]) =>
      JSON.stringify(shortened(tokenizer.decodeAll(tokens.slice(start, end)))),
    );
    return [`example ${index + 1}: ${parts.join(" … ")}`];
  });
  return shown.length === 0 ? undefined : `the loss falls on ${shown.join("; ")}`;
}

/** Runs of ones: their starts and ends. */
function runs(mask: Uint8Array): [start: number, end: number][] {
  const found: [number, number][] = [];
  for (let at = mask.indexOf(1); at >= 0;) {
    const end = mask.indexOf(0, at);
    found.push([at, end < 0 ? mask.length : end]);
    at = end < 0 ? -1 : mask.indexOf(1, end);
  }
  return found;
}

function shortened(text: string): string {
  const half = SHOWN_LENGTH / 2;
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, half)}…${text.slice(-half)}`;
}
