import { LineFile } from "../../data/order.ts";
import type { Trainer } from "../../cluster/trainer/trainer.ts";
import type { Message, Question, SftExample } from "../../protocol/conversation.ts";
import { DataError } from "../../protocol/errors.ts";
import { discard } from "../../storage/writing.ts";
import type { PromptFormat, Tokenizer } from "../../text/index.ts";
import type { PairText, ResponsePart } from "../pairTexts.ts";

/** Records of a data file, and how a model is put to them. */
export interface RecordSource<R> {
  readonly records: Iterable<R> | AsyncIterable<R>;
  readonly format: PromptFormat;
  /** Where they come from, for messages. */
  readonly from: string;
  readonly by: Pick<Trainer, "title" | "data">;
}

/** A file of records, as it was written. */
export interface WrittenRecords {
  readonly count: number;
  /** False where they are texts. */
  readonly areConversations: boolean;
}

/** A record as trainers' data sets take it: with a conversation, or as texts that stand as they are. */
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
 * @throws {DataError} where some are and some are not.
 */
export function writeSftFile(file: string | undefined, source: RecordSource<SftExample>): Promise<WrittenRecords> {
  const { format, from, by } = source;
  return writeLines(file, source, (example, index) => {
    const messages = format.conversationOf(example);
    if (messages !== undefined) return conversation({ messages: plain(messages) });
    if (!by.data.takesTexts) {
      const remedy = "give it as messages to a model with a chat template, or have another trainer make SFTs";
      throw new DataError(`record ${index + 1}: is a text, and ${by.title}'s SFT takes conversations alone`, {
        ...{ file: from, remedy },
      });
    }
    const { prompt, response } = example as { readonly prompt: string; readonly response: string };
    return texts({ prompt: begun(prompt, format.tokenizer), response: response + endText(format.tokenizer) });
  });
}

/** Writes preference pairs: whole conversations or whole texts as `chosen` and `rejected`, with a `margin`, 0 unless given. */
export function writePairsFile(file: string | undefined, source: RecordSource<PairText>): Promise<WrittenRecords> {
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

/** Writes prompts: a conversation or a text as `prompt`. */
export function writePromptsFile(file: string | undefined, source: RecordSource<Question>): Promise<WrittenRecords> {
  const { format, from, by } = source;
  const { picture } = by.data;
  return writeLines(file, source, (question, index) => {
    const messages = format.messagesOf(question);
    if (messages === undefined) return texts({ prompt: begun(question as string, format.tokenizer) });
    const refuse = (what: string, remedy: string): never => {
      throw new DataError(`prompt ${index + 1}: ${what}`, { file: from, remedy });
    };
    if (messages.at(-1)?.role === "assistant") {
      refuse(
        `ends with an assistant's turn, which ${by.title} does not continue`,
        "end it with a user's turn, or leave it out",
      );
    }
    if (picture !== undefined && messages.some(({ content }) => content.includes(picture))) {
      refuse(
        `has ${picture} in it, which ${by.title} takes for a picture`,
        "write it in another way, or leave the prompt out",
      );
    }
    return conversation({ prompt: plain(messages) });
  });
}

async function writeLines<R>(
  file: string | undefined,
  { records, from, by }: RecordSource<R>,
  lineOf: (record: R, index: number) => Line,
): Promise<WrittenRecords> {
  // Of an attempt that was cut off.
  if (file !== undefined) await discard(file);
  const lines = file === undefined ? undefined : await LineFile.create(file);
  let areConversations: boolean | undefined;
  let count = 0;
  try {
    for await (const record of records) {
      const { isConversation, fields } = lineOf(record, count);
      areConversations ??= isConversation;
      if (areConversations !== isConversation) throw mixed(count, { from, by });
      await lines?.add(JSON.stringify(fields));
      count += 1;
    }
  } finally {
    await lines?.close();
  }
  return { count, areConversations: areConversations ?? false };
}

function mixed(index: number, { from, by }: Pick<RecordSource<unknown>, "from" | "by">): DataError {
  const remedy = "give all of them as messages, or all as texts";
  const what = `record ${index + 1}: some are conversations and some texts that are rendered already`;
  return new DataError(`${what}, which ${by.title} does not mix`, { file: from, remedy });
}

const conversation = (fields: Line["fields"]): Line => ({ isConversation: true, fields });
const texts = (fields: Line["fields"]): Line => ({ isConversation: false, fields });

/** Role and content alone: `datasets` wants the same fields in every row. */
function plain(messages: readonly Message[]): readonly Message[] {
  return messages.map(({ role, content }) => ({ role, content }));
}

/** A text as it begins a sequence: with the token that our tokenizer puts first, and trainers' calls of it do not. */
function begun(text: string, tokenizer: Tokenizer): string {
  const { bos } = tokenizer;
  if (bos === undefined || tokenizer.encodeStart("")[0] !== bos) return text;
  const start = tokenizer.tokenOf(bos) ?? "";
  return text.startsWith(start) ? text : start + text;
}

/** With it at its end, no trainer adds anything. */
function endText(tokenizer: Tokenizer): string {
  return tokenizer.tokenOf(tokenizer.eos) ?? "";
}
