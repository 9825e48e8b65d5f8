import { LineFile } from "../../data/order.ts";
import type { Message, Question, SftExample } from "../../protocol/conversation.ts";
import { DataError } from "../../protocol/errors.ts";
import { discard } from "../../storage/writing.ts";
import type { PromptFormat, Tokenizer } from "../../text/index.ts";
import type { PairText, ResponsePart } from "../pairTexts.ts";

/** Records of a data file, and how a model is put to them. */
export interface RecordSource<R> {
  readonly records: readonly R[];
  readonly format: PromptFormat;
  /** Where they come from, for messages. */
  readonly from: string;
}

/** A record as OpenRLHF's data sets take it: with a conversation, or as texts that stand as they are. */
interface Line {
  readonly isConversation: boolean;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Writes SFT examples, one JSON object a line: `{messages}` for the model's chat template, else `{prompt, response}`, begun and
 * ended as our own engine does.
 *
 * @param file - Left out to look at the records alone.
 * @param source - Of the records.
 * @returns True if they are conversations.
 * @throws {DataError} where some are and some are not.
 */
export function writeSftFile(file: string | undefined, source: RecordSource<SftExample>): Promise<boolean> {
  const { format } = source;
  return writeLines(file, source, (example) => {
    const messages = format.conversationOf(example);
    if (messages !== undefined) return conversation({ messages: plain(messages) });
    const { prompt, response } = example as { readonly prompt: string; readonly response: string };
    return texts({ prompt: begun(prompt, format.tokenizer), response: response + endText(format.tokenizer) });
  });
}

/** Writes preference pairs: whole conversations or whole texts as `chosen` and `rejected`, with a `margin`, 0 unless given. */
export function writePairsFile(file: string | undefined, source: RecordSource<PairText>): Promise<boolean> {
  const { format } = source;
  const whole = (prompt: Question, { text, ended }: ResponsePart): readonly Message[] | string => {
    const messages = format.conversationOf({ prompt, response: text });
    if (messages !== undefined) return plain(messages);
    return begun(prompt as string, format.tokenizer) + text + (ended ? endText(format.tokenizer) : "");
  };
  return writeLines(file, source, ({ prompt, chosen, rejected, margin = 0 }) => {
    const fields = { chosen: whole(prompt, chosen), rejected: whole(prompt, rejected), margin };
    return { isConversation: typeof fields.chosen !== "string", fields };
  });
}

/** OpenRLHF takes this in a prompt for a picture. */
const PICTURE = "<image>";

/** Writes prompts: a conversation or a text as `prompt`. */
export function writePromptsFile(file: string | undefined, source: RecordSource<Question>): Promise<boolean> {
  const { format, from } = source;
  return writeLines(file, source, (question, index) => {
    const messages = format.messagesOf(question);
    if (messages === undefined) return texts({ prompt: begun(question as string, format.tokenizer) });
    const refuse = (what: string, remedy: string): never => {
      throw new DataError(`prompt ${index + 1}: ${what}`, { file: from, remedy });
    };
    if (messages.at(-1)?.role === "assistant") {
      refuse(
        "ends with an assistant's turn, which OpenRLHF does not continue",
        "end it with a user's turn, or leave it out",
      );
    }
    if (messages.some(({ content }) => content.includes(PICTURE))) {
      refuse(
        `has ${PICTURE} in it, which OpenRLHF takes for a picture`,
        "write it in another way, or leave the prompt out",
      );
    }
    return conversation({ prompt: plain(messages) });
  });
}

async function writeLines<R>(
  file: string | undefined,
  { records, from }: RecordSource<R>,
  lineOf: (record: R, index: number) => Line,
): Promise<boolean> {
  // Of an attempt that was cut off.
  if (file !== undefined) await discard(file);
  const lines = file === undefined ? undefined : await LineFile.create(file);
  let areConversations: boolean | undefined;
  try {
    for (const [index, record] of records.entries()) {
      const { isConversation, fields } = lineOf(record, index);
      areConversations ??= isConversation;
      if (areConversations !== isConversation) throw mixed(index, from);
      await lines?.add(JSON.stringify(fields));
    }
  } finally {
    await lines?.close();
  }
  return areConversations ?? false;
}

function mixed(index: number, file: string): DataError {
  const remedy = "give all of them as messages, or all as texts";
  const what = `record ${index + 1}: some are conversations and some texts that are rendered already`;
  return new DataError(`${what}, which OpenRLHF does not mix`, { file, remedy });
}

const conversation = (fields: Line["fields"]): Line => ({ isConversation: true, fields });
const texts = (fields: Line["fields"]): Line => ({ isConversation: false, fields });

/** Role and content alone: `datasets` wants the same fields in every row. */
function plain(messages: readonly Message[]): readonly Message[] {
  return messages.map(({ role, content }) => ({ role, content }));
}

/** A text as it begins a sequence: with the token that our tokenizer puts first, and OpenRLHF's call of it does not. */
function begun(text: string, tokenizer: Tokenizer): string {
  const { bos } = tokenizer;
  if (bos === undefined || tokenizer.encodeStart("")[0] !== bos) return text;
  const start = tokenizer.tokenOf(bos) ?? "";
  return text.startsWith(start) ? text : start + text;
}

/** With it at its end, OpenRLHF adds nothing. */
function endText(tokenizer: Tokenizer): string {
  return tokenizer.tokenOf(tokenizer.eos) ?? "";
}
