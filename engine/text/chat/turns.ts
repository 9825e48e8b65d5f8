import type { Message } from "../../protocol/conversation.ts";
import { type ChatTemplate, ChatTemplateError, type TextSpan } from "./template.ts";

/** An assistant's turn in a rendered conversation, in characters. */
export interface AssistantTurn extends TextSpan {
  /** Where what was said ends; the mark that ends the turn lies between here and `end`. */
  readonly contentEnd: number;
  /** True if the template closes the turn by a mark that ends an answer. */
  readonly isClosed: boolean;
}

/** A rendered conversation and the turns in it that a model learns. */
export interface RenderedTurns {
  readonly text: string;
  /** One per message of an assistant, in their order. */
  readonly turns: readonly AssistantTurn[];
}

/** First of the characters that stand for what an assistant says, in Unicode's private use; one for each turn. */
const FIRST_STANDIN = 0xe100;
const MOST_STANDINS = 0x1700;

/**
 * Renders a conversation and finds the assistant's turns in it: from where a generation prompt ends, which is what the
 * model is given when it speaks, to the end of the turn's mark.
 *
 * A template that marks its turns (`{% generation %}`) is believed. Of any other, a second rendering, with stand-ins for
 * what is said, shows where it comes to stand: whatever the template does around it.
 *
 * @param template - The model's.
 * @param messages - Of which an assistant's are learned.
 * @param endTexts - Marks that end an answer, as text.
 * @throws {ChatTemplateError} when the template raises, or leaves out what an assistant says.
 */
export function renderTurns(
  template: ChatTemplate,
  messages: readonly Message[],
  endTexts: readonly string[],
): RenderedTurns {
  const text = template.render(messages);
  const said = messages.flatMap(({ role, content }, index) => (role === "assistant" ? [{ index, content }] : []));
  const conversation = { template, messages, text, said };
  const marked = markedSpans(conversation);
  if (marked !== undefined) return { text, turns: marked.map((span) => closedInside(text, span, endTexts)) };
  const spans = standInSpans(conversation) ?? said.map((one) => spanOfOne(conversation, one));
  return { text, turns: spans.map((span) => closed(text, span, endTexts)) };
}

interface Conversation {
  readonly template: ChatTemplate;
  readonly messages: readonly Message[];
  /** As rendered. */
  readonly text: string;
  /** The assistant's messages. */
  readonly said: readonly Said[];
}

interface Said {
  readonly index: number;
  readonly content: string;
}

function markedSpans({ template, messages, text, said }: Conversation): readonly TextSpan[] | undefined {
  const spans = template.generationSpans(messages);
  if (spans?.length !== said.length) return undefined;
  for (const [at, { content }] of said.entries()) {
    const span = spans[at];
    if (span !== undefined && !text.slice(span.start, span.end).includes(tailOf(content))) throw template.dropsTurn();
  }
  return spans;
}

/** The last words of a turn, which survive also where a template takes thoughts off its beginning. */
function tailOf(content: string): string {
  const trimmed = content.trim();
  return trimmed.slice(trimmed.lastIndexOf("\n") + 1).slice(-TAIL);
}

const TAIL = 40;

/** All turns by one more rendering; undefined where the template does something to what is said, or around it. */
function standInSpans(conversation: Conversation): readonly TextSpan[] | undefined {
  const { template, messages, text, said } = conversation;
  if (said.length > MOST_STANDINS || hasPrivate(text)) return undefined;
  const standIns = new Map(said.map(({ index }, at) => [index, String.fromCharCode(FIRST_STANDIN + at)]));
  const shape = template.render(
    messages.map((message, index) => ({ ...message, content: standIns.get(index) ?? message.content })),
  );
  const found = [...standIns.values()].map((standIn) => shape.indexOf(standIn));
  if (found.some((at) => at < 0)) throw template.dropsTurn();
  const ends = [...found.slice(1), shape.length];
  const contents: TextSpan[] = [];
  let to = 0; // in the text, as far as it agrees with the shape
  if (!text.startsWith(shape.slice(0, found[0]))) return undefined;
  for (const [at, { content }] of said.entries()) {
    const start = at === 0 ? (found[0] ?? 0) : to;
    const behind = shape.slice((found[at] ?? 0) + 1, Math.max(0, ends[at] ?? 0));
    const form = [content, content.trim(), content.trimStart(), content.trimEnd()].find(
      (one) => text.startsWith(one, start) && text.startsWith(behind, start + one.length),
    );
    if (form === undefined) return undefined;
    contents.push({ start, end: start + form.length });
    to = start + form.length + behind.length;
  }
  if (said.length > 0 && to !== text.length) return undefined;
  return withGaps(conversation, contents);
}

/** Turns from where the generation prompt ends, which may leave a blank before what is said. */
function withGaps(conversation: Conversation, contents: readonly TextSpan[]): readonly TextSpan[] {
  const { text, said } = conversation;
  const [last, content] = [said.at(-1), contents.at(-1)];
  if (last === undefined || content === undefined) return contents;
  const gap = text.slice(promptEnd(conversation, last) ?? content.start, content.start);
  return contents.map(({ start, end }) => {
    const from = start - gap.length;
    return { start: from >= 0 && text.startsWith(gap, from) ? from : start, end };
  });
}

/** One turn by a rendering of its own, where templates treat turns by what is in them. */
function spanOfOne(conversation: Conversation, { index, content }: Said): TextSpan {
  const { template, messages, text } = conversation;
  const standIn = String.fromCharCode(FIRST_STANDIN);
  const shape = template.render(
    messages.map((message, at) => (at === index ? { ...message, content: standIn } : message)),
  );
  const found = shape.indexOf(standIn);
  if (found < 0) throw template.dropsTurn();
  const before = commonPrefix(text, shape.slice(0, found));
  const end = text.length - commonSuffix(text, shape.slice(found + 1), before);
  if (!text.slice(before, end).includes(tailOf(content))) throw template.dropsTurn();
  const prompted = promptEnd(conversation, { index });
  return { start: prompted !== undefined && prompted <= end ? prompted : before, end };
}

/** Where a generation prompt before a turn ends in the text; undefined where the text goes another way. */
function promptEnd({ template, messages, text }: Conversation, { index }: Pick<Said, "index">): number | undefined {
  if (index === 0) return undefined;
  try {
    const prompt = template.render(messages.slice(0, index), { addGenerationPrompt: true });
    return text.startsWith(prompt) ? prompt.length : undefined;
  } catch (error) {
    if (error instanceof ChatTemplateError) return undefined; // it refuses conversations that stop here
    throw error;
  }
}

/** A turn whose own span holds the mark that ends it, or else is followed by it. */
function closedInside(text: string, { start, end }: TextSpan, endTexts: readonly string[]): AssistantTurn {
  const said = text.slice(start, end).trimEnd();
  const mark = endTexts.find((one) => said.endsWith(one));
  if (mark === undefined) return closed(text, { start, end }, endTexts);
  const markEnd = start + said.length;
  return { start, contentEnd: markEnd - mark.length, end: markEnd, isClosed: true };
}

/** A turn with the mark that ends it, where one follows. */
function closed(text: string, { start, end }: TextSpan, endTexts: readonly string[]): AssistantTurn {
  const blank = /^\s*/.exec(text.slice(end, end + LONGEST_BLANK))?.[0].length ?? 0;
  const mark = endTexts.find((one) => text.startsWith(one, end + blank));
  if (mark === undefined) return { start, contentEnd: end, end, isClosed: false };
  return { start, contentEnd: end, end: end + blank + mark.length, isClosed: true };
}

/** White space that a template may put between an answer and its end. */
const LONGEST_BLANK = 16;

function hasPrivate(text: string): boolean {
  return /[\ue000-\uf8ff]/u.test(text);
}

function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

/** At most as long as leaves the first `kept` characters of `a` alone. */
function commonSuffix(a: string, b: string, kept: number): number {
  let length = 0;
  while (length < a.length - kept && length < b.length && a[a.length - 1 - length] === b[b.length - 1 - length])
    length++;
  return length;
}
